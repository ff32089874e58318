"""What the Export button makes, and what it says where it can make nothing; a file and its pictures in a browser."""

import io
import json
import struct
import zlib
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr

import explorer
from explorer.file_names import stem
from explorer.ui import exports
from explorer.ui.board import Offer
from explorer.ui.explored import Explored
from explorer.ui.exports import ExportError

EXPERIMENT = explorer.Experiment().changed(cell="lstm", length="20", hidden_size="4", batch_size="2", steps="4")


@pytest.fixture(scope="module")
def run() -> xr.Dataset:
    return explorer.train(EXPERIMENT)


@pytest.fixture(scope="module")
def offer(run: xr.Dataset) -> Offer:
    explored = Explored(EXPERIMENT, run, explorer.measure(EXPERIMENT), (), "light", "r")
    return Offer(explored.board(), "light", lambda: run, lambda: [explored.board()])


def made(kind: str, offer: Offer | None, script=None) -> tuple[str, bytes]:
    return exports._made(kind, offer, EXPERIMENT.model_dump_json(), script)


def test_files_hold_what_was_recorded(run: xr.Dataset, offer: Offer) -> None:
    assert explorer.Experiment.model_validate(json.loads(made("json", None)[1])) == EXPERIMENT
    name, content = made("nc", offer)
    assert name == "lstm-adding-T20.nc"
    xr.testing.assert_identical(xr.open_dataset(io.BytesIO(content), engine="h5netcdf").load(), run)
    head, *lines = made("csv", offer)[1].decode().splitlines()
    assert "grad_h" in head.split(",") and len(lines) == run["grad_h"].size
    name, content = made("keras", offer, lambda framework: f"# {framework}")
    assert (name, content) == ("lstm-adding-T20-keras.py", b"# keras")


def test_what_cannot_be_made_is_one_sentence(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("html", "csv", "nc"):
        with pytest.raises(ExportError, match="Nothing is measured yet"):
            made(kind, None)
    with pytest.raises(ExportError, match="no file of the kind 'keras'"):
        made("keras", offer)
    monkeypatch.setattr(exports, "limits", lambda: SimpleNamespace(memory=100.0))
    with pytest.raises(ExportError, match="budget is 1e-07 GB; take the NetCDF file"):
        made("csv", offer)
    monkeypatch.setattr(exports, "MOST", 100)
    with pytest.raises(ExportError, match="more than the 0 MB a page sends"):
        made("nc", offer)


def test_names_say_each_thing_once() -> None:
    others = [EXPERIMENT.changed(cell="gru", truncation="window"), EXPERIMENT.changed(task="temporal_order", length=30)]
    assert stem(EXPERIMENT, *others) == "lstm-gru-adding-temporal-order-T20-T30-window"


def pixels(png: bytes) -> tuple[int, int, int]:
    """Width, height and number of different values in a PNG's filtered rows."""
    width, height = struct.unpack(">II", png[16:24])
    at, data = 8, b""
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        data += png[at + 8 : at + 8 + size] if png[at + 4 : at + 8] == b"IDAT" else b""
        at += 12 + size
    return width, height, len(set(zlib.decompress(data)))


def test_a_file_is_scrubbed_and_makes_slides_without_the_network(browser, tmp_path: Path, run, offer) -> None:
    file = tmp_path / "run.html"
    file.write_bytes(made("html", offer)[1])
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_selector("[data-panel=gradient] .scatterlayer .trace")
    scrubber = page.locator(".board-scrub input")
    scrubber.focus()
    scrubber.press("Home")
    traces = "document.querySelector('[data-panel=gradient]')._fullData"
    curve = f"Array.from({traces}.find((trace) => trace.meta?.track === 'grad_h').y)"
    page.wait_for_function(f"(first) => Math.abs({curve}[0] / first - 1) < 1e-6", arg=float(run["grad_h"][0, 0]))
    np.testing.assert_allclose(page.evaluate(curve), run["grad_h"].values[0], rtol=1e-6)
    assert not np.allclose(run["grad_h"].values[0], run["grad_h"].values[-1], rtol=1e-3)
    said = page.locator(".board-headline").inner_text()
    page.evaluate("[globalThis.late, globalThis.Plotly] = [Plotly, undefined]")  # as on a page that still loads
    with page.expect_download() as download:
        page.click("button[data-format=svg]")
        page.get_by_text("Making the picture").wait_for()
        page.evaluate("globalThis.Plotly = globalThis.late")
    assert download.value.suggested_filename == "lstm-adding-T20-update-0.svg"
    picture = ElementTree.fromstring(Path(download.value.path()).read_text())
    assert (picture.get("width"), picture.get("height")) == ("1280", "720")
    _, _, width, height = map(float, picture.get("viewBox").split())
    assert width / height == pytest.approx(16 / 9)
    words = "".join("".join(text.itertext()) for text in picture.iter("{http://www.w3.org/2000/svg}text"))
    assert "".join(said.split()) in "".join(words.split()) and "LSTM" in words
    assert len(picture.findall("{http://www.w3.org/2000/svg}svg")) == 5, "all five charts"
    page.locator("[data-panel=gradient]").hover()
    with page.expect_download() as download:
        page.click("[data-panel=gradient] [data-title='Slide as PNG']")
    assert download.value.suggested_filename == "gradient-lstm-adding-T20-update-0.png"
    width, height, values = pixels(Path(download.value.path()).read_bytes())
    assert (width, height) == (2560, 1440) and values > 30, "16:9 and not blank"
    assert {url.partition(":")[0] for url in asked} <= {"file", "blob", "data"}
    context.close()
