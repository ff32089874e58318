"""The presets on the command line, with the published number beside the measured one."""

from collections.abc import Iterator

import click

from explorer.comparisons import KNOWN, measured
from explorer.findings.published_sentences import digits, measured_said, published_said, run_said
from explorer.presets import PRESETS, Preset
from explorer.training import train


@click.command("presets")
@click.option("--measure", "measuring", is_flag=True, help="Measure what stands beside published numbers.")
@click.option("--train", "training", is_flag=True, help="Also train those presets, which takes minutes.")
@click.option("--only", metavar="WORD", default="", help="Only presets with this word in their name.")
def presets_command(measuring: bool, training: bool, only: str) -> None:
    """List the presets, their sources and published numbers."""
    for preset in (preset for preset in PRESETS if only.lower() in preset.name.lower()):
        flags = " ".join(f"--{key.replace('_', '-')} {value}" for key, value in preset.fields.items())
        click.echo(f"{preset.name}: {flags or 'the default experiment'}")
        for line in _lines(preset, measuring or training, training):
            click.echo(f"    {line}")
    for known in (known for known in KNOWN if only.lower() in known.name.lower()):
        click.echo(f"{known.name}: the command {known.command}")
        click.echo(f"    published: {published_said(known.published)}")
        if measuring or training:
            click.echo(f"    measured: {digits(known.measure())}")


def _lines(preset: Preset, measuring: bool, training: bool) -> Iterator[str]:
    """What is known of one preset, and measured if asked for."""
    if preset.source:
        yield f"setting: {preset.source}"
    if preset.published is None:
        return
    yield f"published: {published_said(preset.published)}"
    if preset.published.note:
        yield preset.published.note
    if measuring:
        yield f"measured: {measured_said(measured(preset))}"
    if training:
        yield f"trained: {run_said(train(preset.experiment))}"
