"""`python -m explorer`: loads the command line and runs it."""

from explorer.interrupts import ending_at_once
from explorer.starting import only_imports


def main() -> None:
    """Load the command line, which takes seconds, then run it."""
    with ending_at_once(), only_imports():
        from explorer.commands import main as run
    run(prog_name="explorer")


if __name__ == "__main__":
    main()
