"""What links can ask of every page: projector mode, and controls that are not shown; and what they ask wrongly."""

import subprocess
import sys
from pathlib import Path

import pytest
from ui.test_address import open_page, shown, told, url

from explorer.experiment import all_settings
from explorer.ui import everywhere

APP = Path(__file__).parents[2] / "app.py"
PAGES = "explorer/ui/{}.py"


def widgets(at) -> set[str]:
    found = [*at.slider, *at.select_slider, *at.selectbox, *at.button_group, *at.number_input, *at.button]
    return {str(widget.key) for widget in found}


def test_hidden_controls_are_not_drawn_and_the_link_still_sets_them():
    at = open_page(hide="cell,length,bogus,lenght", cell="gru", length="30")
    assert (shown(at).cell.kind, shown(at).task.length) == ("gru", 30)
    assert not {"field-cell", "field-length"} & widgets(at)
    assert {"field-hidden_size", "preset", "train", "pin"} <= widgets(at)
    assert "'bogus' is no control; give a field's key, or one of controls" in told(at)
    assert "'lenght' is no control; did you mean length?" in told(at)
    assert url(at) == {"hide": "cell,length", "cell": "gru", "length": "30"}
    at.button(key="projector").click().run()  # the next run does not tell it again
    assert url(at) == {"projector": "1", "hide": "cell,length", "cell": "gru", "length": "30"} and not at.toast
    at.switch_page(PAGES.format("compare")).run()
    assert not at.exception
    assert url(at)["hide"] == "cell,length" and url(at)["projector"] == "1"
    assert not {"field-cell", "field-length"} & widgets(at)


def test_a_sheet_without_controls_has_none_and_projects():
    at = open_page(hide=["controls", "train,pin"], projector="true", length="20")
    assert widgets(at) == {"projector"}
    assert url(at) == {"hide": "controls,train,pin", "projector": "1", "length": "20"}
    at.button(key="projector").click().run()
    assert url(at) == {"hide": "controls,train,pin", "length": "20"}


def test_names_of_groups_and_keys_of_pages_are_no_fields():
    fields = {setting.key for setting in all_settings()}
    assert fields and not fields & {*everywhere.KEYS, *everywhere.GROUPS}


@pytest.mark.parametrize(
    ("page", "query", "words", "kept"),
    [
        ("truncation", {"picture": "sing", "projector": "maybe"}, ["picture: 'sing'", "projector: 'maybe'"], {}),
        ("sweep", {"seeds": "many", "vary": ["cell:tanh", "x"], "picture": "cost"}, ["seeds", "'x'"],
         {"vary": "cell:tanh", "picture": "cost"}),
        ("library", {"filter": "lstm", "hide": "x"}, ["'x'"], {"filter": "lstm"}),
    ],
)  # fmt: skip
def test_each_page_says_what_it_ignored_and_its_link_what_it_shows(page, query, words, kept, tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_LIBRARY", str(tmp_path))
    at = open_page(length="20", hidden_size="4")
    for key in list(at.query_params):
        del at.query_params[key]
    for key, value in query.items():
        at.query_params[key] = value
    at.switch_page(PAGES.format(page)).run()
    assert not at.exception
    for word in words:
        assert word in told(at)
    found = url(at)
    assert {key: found.get(key) for key in query} == {key: kept.get(key) for key in query}


def test_what_comes_before_the_boards_code_is_light():
    """The browser reads plotly.js while the server imports torch, so nothing before it may do so."""
    before = APP.read_text(encoding="utf-8").partition("load_board()")[0].partition("st.set_page_config")[0]
    assert "explorer.ui.frame" in before
    script = f"{before}\nimport sys\nprint('torch' in sys.modules, 'plotly' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], cwd=APP.parent, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "True"]
