"""Training in a process of its own: commands in, rows out. `python -m explorer.workers` trains one run after another.

Both pipes carry pickled tuples. In: ("start", experiment as JSON, paused, schemes beside), ("pause",), ("resume",),
("step",), ("stop",); the end of input ends the process. Out: ("rows", [Row, …]), then ("end", status) or
("failed", sentence).
In: ("group", [experiment as JSON, …]); out: ("rows", [(place, Row), …]), then ("end", "finished") or ("failed", …).
In: (a question, experiment as JSON); out: ("progress", share done), …, then ("measured", the answer) or ("failed", …).
"""

import os
import signal

from explorer.starting import only_imports


def main() -> None:
    """Serve the process's own pipes."""
    # Both before the long imports, which may print, and in which Ctrl-C would end in a traceback.
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything prints must not come between the messages
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at the server reaches its children too; it ends them itself
    with only_imports():
        from explorer.workers.serving import serve

    serve(output)


if __name__ == "__main__":
    main()
