"""The Truncation page without a browser: every picture of every scheme, what is slow, and what is refused."""

import re
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explorer.several import SweepError
from explorer.truncation import Adaptive
from explorer.ui import asked
from explorer.ui.axes import BY_KEY

APP = str(Path(__file__).resolve().parents[2] / "explorer" / "ui" / "truncation.py")
SMALL = {"hidden_size": "8", "batch_size": "4", "length": "24", "steps": "3"}


def open_page(**query: str) -> AppTest:
    at = AppTest.from_file(APP, default_timeout=60)
    for key, value in {**SMALL, **query}.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception
    return at


def notices(at: AppTest) -> list[str]:
    """What the page told beside itself, without the marks that keep it from being read as Markdown."""
    return [re.sub(r"\\(.)", r"\1", toast.value) for toast in at.toast]


@pytest.fixture(autouse=True)
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The headlines of all boards drawn."""
    from explorer.ui import truncation_stage

    told: list[str] = []
    monkeypatch.setattr(
        truncation_stage, "board", lambda *a, **k: told.append(f"{k['headline']} {k.get('subline', '')}")
    )
    return told


@pytest.mark.parametrize("picture", ["credit", "lags", "bias", "variants", "adaptive", "memory", "sign", "cost", "no"])
def test_every_picture_says_something(picture: str, seen: list[str]) -> None:
    at = open_page(picture=picture, truncation="window", k1="5", k2="5")
    assert seen and len(seen[-1]) > 20
    assert [button.label for button in at.button][:1] == {
        "variants": ["Train"],
        "adaptive": ["Choose adaptive"],
        "memory": ["Start"],
        "cost": ["Stop"],
    }.get(picture, [])
    assert ("put to the test" in seen[-1]) == (picture in ("memory", "sign"))
    kept = at.query_params.get("picture", "credit")
    assert kept in (picture, [picture]) or (picture, kept) == ("no", "credit")
    assert notices(at) == (
        [
            "picture: 'no' is not allowed; "
            "give one of credit, lags, bias, variants, adaptive, memory, sign, cost. credit is shown."
        ]
        if picture == "no" else []
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["full", "online", "stochastic", "subsequence", "adaptive", "rtrl"])
def test_every_scheme_is_shown(kind: str, seen: list[str]) -> None:
    for picture in ("credit", "variants"):
        open_page(picture=picture, truncation=kind)
        assert seen[-1] and "could not" not in seen[-1]
    button = next(b for b in open_page(picture="variants", truncation=kind).button if b.label == "Train")
    assert button.disabled == (kind in ("online", "subsequence"))


def test_training_measures_the_variants_beside(seen: list[str]) -> None:
    at = open_page(picture="variants", truncation="adaptive", interval="2")
    before = seen[-1]
    next(b for b in at.button if b.label == "Train").click().run()
    until = time.monotonic() + 60
    while "3 of 3 updates" not in str([m.proto for m in at.main.children.values()]) and time.monotonic() < until:
        job = at.session_state["beside job"]
        if job.phase == "ended":
            break
        time.sleep(0.2)
    job.thread.join(30)
    at.run()
    assert job.recorded == 3 and "variant" in job.dataset().sizes and seen[-1] != before
    assert isinstance(job.experiment.truncation, Adaptive)
    at.query_params["picture"] = "adaptive"
    at.run()
    assert not at.exception and "K" in seen[-1]


def test_adaptive_truncation_is_one_click_away_and_begins_with_the_first_batch(seen: list[str]) -> None:
    at = open_page(picture="adaptive")
    assert "full, which chooses no length" in seen[-1]
    next(b for b in at.button if b.label == "Choose adaptive").click().run()
    assert not at.exception and at.query_params["truncation"] in ("adaptive", ["adaptive"])
    assert seen[-1].startswith("K is ") and "true bias" in seen[-1]


def test_what_takes_long_is_measured_apart_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch, seen: list[str]) -> None:
    monkeypatch.setattr(asked, "QUICK", 0.0)
    at = open_page(picture="credit", length="23")
    assert seen[-1].startswith("Measuring")
    job = at.session_state["asked"]
    next(b for b in at.button if b.label == "Stop").click().run()
    assert "was stopped" in seen[-1] and "asked" not in at.session_state
    job.thread.join(30)
    assert not job.thread.is_alive()
    at = open_page(picture="lags", length="22")
    at.session_state["asked"].thread.join(180)
    at.run()
    assert "∂L/∂W_hh to within" in seen[-1]


def test_costs_are_measured_until_they_are_stopped(seen: list[str]) -> None:
    at = open_page(picture="cost", over="no", length="21")
    assert "over" not in at.query_params
    assert notices(at) == ["over: 'no' is not allowed; give one of length, k2, hidden_size. length is shown."]
    job = at.session_state["measuring cost"]
    next(b for b in at.button if b.label == "Stop").click().run()
    job.thread.join(30)
    assert not job.thread.is_alive() and "measuring cost" not in at.session_state
    next(b for b in at.button if b.label == "Go on").click().run()
    assert "measuring cost" in at.session_state and not at.exception


def test_a_sweep_takes_schemes_by_their_names() -> None:
    found = BY_KEY["truncation"].values("5, 1/20, full, stochastic, rtrl")
    window = {"kind": "window"}
    assert found[:2] == [window | {"k1": 5, "k2": 5}, window | {"k1": 1, "k2": 20}]
    assert found[2:] == [{"kind": "full"}, {"kind": "stochastic"}, {"kind": "rtrl"}]
    with pytest.raises(SweepError, match="'five' is not understood"):
        BY_KEY["truncation"].values("five")
