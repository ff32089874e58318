"""The experiment as a script, on the command line."""

import click

from explorer.dataset import SaveError, check_target
from explorer.options import experiment_flags, experiment_of
from explorer.scripts import WRITERS, script
from explorer.terminal import tell

FRAMEWORK_HELP = f"What the script is written in: {', '.join(WRITERS)}. [default: pytorch]"


@click.command("code")
@experiment_flags
@click.option("--framework", default="pytorch", metavar="NAME", help=FRAMEWORK_HELP)
@click.option("--out", type=click.Path(), help="File to write: .py. [default: standard output]")
def code_command(config: str | None, framework: str, out: str | None, **flags: str | None) -> None:
    """This experiment as a short script in plain PyTorch, Keras 3 or JAX.

    It needs nothing of this program, trains, and prints grad_h at the start as its last line.
    """
    text = script(experiment_of(config, flags), framework)
    if out is None:
        click.echo(text, nl=False)
        return
    target = check_target(out, (".py",))
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SaveError(f"{target}: could not be written: {error.strerror or error}.") from None
    tell(f"saved to {target}; it needs {WRITERS[framework].needs}.")
