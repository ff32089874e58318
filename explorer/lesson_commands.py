"""The command about lessons: what there is, and making their material anew."""

import click

from explorer.dataset import SaveError
from explorer.terminal import tell


@click.command("lessons")
@click.option("--make", is_flag=True, help="Compute the material kept in assets/lessons anew; takes minutes.")
@click.option("--only", metavar="NAME", help="Make that of one lesson.")
def lessons_command(make: bool, only: str | None) -> None:
    """The lessons of the Lessons page, and the runs that are kept for them."""
    from explorer.lessons import LESSONS, keeping  # here, for they bring the figures along

    names = [lesson.name for lesson in LESSONS]
    if only is not None and only not in names:
        raise click.ClickException(f"--only {only}: there is no such lesson; there are {', '.join(names)}.")
    if only is not None and not make:
        raise click.ClickException("--only says what --make is about; give both.")
    for number, lesson in enumerate(LESSONS, 1):
        if not make:
            tell(f"{number:2}  {lesson.name:12} {lesson.title}")
        elif only in (None, lesson.name):
            try:
                target = keeping.make(lesson)
            except OSError as error:
                raise SaveError(f"{keeping.FOLDER}: could not be written: {error.strerror or error}.") from None
            tell(f"{target.name}: {target.stat().st_size / 1e3:.0f} kB")
