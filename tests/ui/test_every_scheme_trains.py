"""Every variant of BPTT trains on the pages that train several experiments at once."""

import time
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from streamlit.testing.v1 import AppTest

from explorer.library import library
from explorer.ui.axes import SCHEMES

PAGES = Path(__file__).resolve().parents[2] / "explorer" / "ui"
SMALL = {
    "length": "12",
    "hidden_size": "4",
    "batch_size": "2",
    "steps": "30",
}  # online: an update after each step, the loss at the last


def trained(page: str, button: str, job: str, query: dict[str, object]) -> tuple[AppTest, list[str]]:
    """Open a page, press its button, wait for the end; the page and the schemes of the runs that are kept then."""
    at = AppTest.from_file(str(PAGES / page), default_timeout=60)
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception and not at.toast
    at.button(key=button).click().run()
    assert not at.exception
    runs = at.session_state[job]
    runs = getattr(runs, "runs", runs)
    end = time.monotonic() + 60
    while runs.phase != "ended":
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    at.run()
    assert not at.exception and runs.error is None
    found = []
    for entry in library().entries()[0]:
        run = library().open(entry.experiment)
        assert run is not None and run.attrs["status"] == "finished"
        assert float(run["grad_h"].max()) > 1e-6 and np.ptp(run["loss"].values) > 0
        found.append(entry.experiment.truncation.kind)
    return at, sorted(found)


def test_on_the_compare_page() -> None:
    schemes = [kind for kind in SCHEMES if kind != "full"]  # six are all that it takes
    each = [urlencode({**SMALL, "truncation": kind}) for kind in schemes]
    at, found = trained("compare.py", "train-all", "compare job", {"e": each})
    assert found == sorted(schemes)
    assert "finished" in at.get("progress")[0].proto.text


def test_on_the_sweep_page() -> None:
    query = {**SMALL, "vary": [f"truncation:{','.join(SCHEMES)}"], "seeds": "1"}
    at, found = trained("sweep.py", "start", "sweep job", query)
    assert found == sorted(SCHEMES)
    assert f"{len(SCHEMES)} of {len(SCHEMES)} runs" in at.get("progress")[0].proto.text
    (way,) = (box for box in at.selectbox if box.key == "open-one")  # to a run without a mouse
    assert way.options[0] == "full" and len(way.options) == len(SCHEMES)
