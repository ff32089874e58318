"""The URL is the experiment: read, written, refused by name; and every control changes it."""

import json
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explorer.experiment import Experiment
from explorer.ui import address, everywhere

APP = str(Path(__file__).parents[2] / "app.py")


def open_page(**query: object) -> AppTest:
    at = AppTest.from_file(APP, default_timeout=60)
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception
    return at


def shown(at: AppTest) -> Experiment:
    return Experiment.model_validate_json(at.session_state["experiment"])


def told(at: AppTest) -> str:
    """The notices, without the escapes that keep a link's words from becoming Markdown."""
    return " ".join(toast.value for toast in at.toast).replace("\\", "")


def url(at: AppTest) -> dict[str, str]:
    return {key: value[0] if isinstance(value, list) else value for key, value in dict(at.query_params).items()}


def test_opens_with_the_default_and_an_empty_url():
    at = open_page()
    assert shown(at) == Experiment()
    assert url(at) == {}
    assert not at.toast


def test_the_contracts_link_opens_that_experiment():
    link = {
        "cell": "lstm", "task": "adding", "length": "100", "hidden_size": "64", "truncation": "window", "k1": "20",
        "k2": "20", "clipping": "norm", "threshold": "1", "seed": "0",
    }  # fmt: skip
    at = open_page(**link)
    raw = json.loads(shown(at).model_dump_json())
    assert raw["cell"]["kind"] == "lstm"
    assert raw["truncation"] == {"kind": "window", "k1": 20, "k2": 20, "updates": "sequence"}
    assert not at.toast
    assert url(at) == {"cell": "lstm", "truncation": "window"}, "what is default is left out"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"cell": "lsmt"}, ["cell", "lsmt", "lstm"]),
        ({"length": "nan"}, ["length", "nan"]),
        ({"length": "1e400"}, ["length", "1e400"]),
        ({"learning_rate": "inf"}, ["learning_rate", "inf"]),
        ({"truncation": "window", "k1": "20", "k2": "3"}, ["k2", "3", "20"]),
        ({"bogus": "1"}, ["bogus"]),
        ({"length": ["10", "20"]}, ["length"]),
        ({"batch_size": "4096", "length": "10000", "hidden_size": "2048"}, ["GB"]),
        ({"k1": "5"}, ["k1", "give window as truncation."]),
    ],
)
def test_what_is_not_allowed_is_named(query, words):
    at = open_page(**query)
    said = told(at)
    for word in words:
        assert word in said
    assert Experiment.model_validate_json(at.session_state["experiment"])


def test_a_widget_changes_experiment_and_url():
    at = open_page()
    at.slider(key="field-length").set_value(60).run()
    assert shown(at).task.length == 60
    assert url(at) == {"length": "60"}
    at.button_group(key="field-cell").set_value("gru").run()
    assert not at.exception
    assert url(at) == {"length": "60", "cell": "gru"}


def test_a_tick_that_brings_once_more_what_is_shown_leaves_the_lead_to_the_url(monkeypatch):
    state = {"experiment": Experiment().model_dump_json()}
    monkeypatch.setattr(address.st, "session_state", state)
    address.change(length=Experiment().task.length)
    address.change_own("sweep", {})
    assert everywhere.CHANGED not in state
    for change in (lambda: address.change(length=60), lambda: address.change_own("sweep", {"vary": ["seed"]})):
        change()
        assert state.pop(everywhere.CHANGED)


def test_a_change_that_breaks_a_rule_takes_its_remedy_along():
    at = open_page(truncation="window")
    at.slider(key="field-k1").set_value(50).run()
    assert not at.exception
    assert (shown(at).truncation.k1, shown(at).truncation.k2) == (50, 50)
    assert told(at) == ("Back k2 is now 50, because 20 is smaller than k1 = 50, so some losses would never flow back.")
    at.slider(key="field-k2").set_value(10).run()
    assert (shown(at).truncation.k1, shown(at).truncation.k2) == (10, 10)


def test_presets_open_and_are_recognised():
    at = open_page()
    at.selectbox(key="preset").select("The gradient explodes").run()
    assert url(at) == {"cell": "relu", "scale": "1.1"}
    assert at.selectbox(key="preset").value == "The gradient explodes"
    at.slider(key="field-scale").set_value(1.2).run()
    assert at.selectbox(key="preset").value == "Your own"


def test_every_field_has_a_widget():
    for query in (
        {},
        {"cell": "lstm", "bias": "chrono", "truncation": "window", "task": "recall", "optimizer": "rmsprop"},
    ):
        at = open_page(**query)
        widgets = [*at.slider, *at.select_slider, *at.selectbox, *at.button_group, *at.number_input]
        keys = {widget.key for widget in widgets} - {"preset"}
        assert keys == {f"field-{key}" for key in shown(at).flat()}


def test_cuda_where_there_is_none_is_one_sentence():
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    at = open_page(device="cuda")
    assert "there is no CUDA device here" in told(at)
    assert shown(at).device == "auto"
    at.button_group(key="field-device").set_value("cuda").run()
    assert "there is no CUDA device here" in told(at)
    assert shown(at).device == "auto"


def test_a_full_server_shows_the_place_in_the_queue(monkeypatch):
    from explorer.workers import processes

    monkeypatch.setattr(processes, "MOST", 0)
    at = open_page(steps="5")
    at.button(key="train").click().run()
    assert not at.exception
    (job,) = at.session_state["runs"].values()
    end = time.monotonic() + 5
    while not job.place and time.monotonic() < end:
        time.sleep(0.01)
    assert job.place == 1
    at.run()
    assert "place 1 in the queue" in at.get("progress")[0].proto.text
    monkeypatch.setattr(processes, "MOST", 1)
    job.thread.join(20)
    assert (job.status, job.recorded, job.place) == ("finished", 5, 0)


def test_a_published_number_stands_beside_the_measured_one():
    at = open_page()
    assert not at.caption
    at.selectbox(key="preset").select("Copying over 100 steps").run()
    (caption,) = (element.value for element in at.caption)
    assert caption.startswith("Published: 0.1733, ") and "(Arjovsky, Shah & Bengio 2016)." in caption
    assert " Measured: 0.1733 ± " in caption and caption.endswith("; not trained yet.")


def test_a_key_that_a_page_cannot_use_is_named() -> None:
    at = AppTest.from_file(str(Path(APP).parent / "explorer" / "ui" / "reference.py"), default_timeout=60)
    at.run()
    before = shown(at)
    at.query_params["length"] = "50"
    at.run()
    assert not at.exception
    assert told(at) == "length: this page shows no single experiment, the others do; it is ignored."
    assert shown(at) == before and "length" not in url(at)
