"""The board's own files, for a page that is served and for one that is a file."""

from functools import cache
from pathlib import Path

HTML = """<section class="board">
<div class="board-head"><h2 class="board-headline"></h2><p class="board-subline"></p></div>
<div class="board-grid"><div class="board-scrub">
<input type="range" min="0" max="0" step="1" aria-label="Update shown by all charts"><span aria-hidden="true"></span>
</div></div></section>"""
SAVE_HTML = """<div class="board-save">
<button type="button" data-format="png">Picture, PNG</button>
<button type="button" data-format="svg">Picture, SVG</button>
<p role="status"></p></div>"""
FILES_HTML = """<div class="board-files">
<p>Picture of what is shown, for a slide</p>
<div class="board-save"><button type="button" data-format="png">PNG</button>
<button type="button" data-format="svg">SVG</button></div>
<p>Page that works offline, with its scrubber</p>
<div class="board-save"><button type="button" data-file="html">HTML</button></div>
<p>Numbers</p>
<div class="board-save"><button type="button" data-file="csv">CSV</button>
<button type="button" data-file="nc">NetCDF</button></div>
<p>Experiment</p>
<div class="board-save"><button type="button" data-file="json">JSON</button></div>
<div class="board-scripts" hidden><p>Script that runs elsewhere</p>
<div class="board-save"><button type="button" data-file="pytorch">PyTorch</button>
<button type="button" data-file="keras">Keras</button>
<button type="button" data-file="jax">JAX</button></div></div>
<p role="status"></p></div>"""
SCRIPTS = ("board_words.js", "board_marks.js", "board_slide.js", "board_panel.js", "board.js")  # one module together


@cache
def part(name: str) -> str:
    """The text of a file beside this one."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def code() -> str:
    """The board's JavaScript, one module; it needs `globalThis.Plotly` as soon as there is something to draw."""
    return "".join(part(name) for name in SCRIPTS)
