"""The reference: all there is stands in it, with equation, cost and source."""

import re
from typing import get_args

import pytest
import torch

from explorer import Experiment, build, dataset, instruments
from explorer.cells import AnyCell
from explorer.clipping import AnyClipping
from explorer.experiment import all_settings
from explorer.frameworks import FRAMEWORKS, address_of
from explorer.optimizers import AnyOptimizer
from explorer.reference import Entry, quantities, sections
from explorer.tasks import AnyTask
from explorer.truncation import AnyTruncation

SECTIONS = {section.name: section for section in sections()}
UNIONS = {
    "cell": AnyCell, "task": AnyTask, "truncation": AnyTruncation, "clipping": AnyClipping, "optimizer": AnyOptimizer,
}  # fmt: skip
WANTED = {
    "cell": {"Gradient", "Cost", "Source"}, "task": {"Loss", "Without memory", "Cost", "Source"},
    "truncation": {"Bias", "Cost", "Source"}, "clipping": {"Bias", "Cost", "Source"}, "optimizer": {"Cost", "Source"},
    "instruments": {"Result", "Source"},
}  # fmt: skip
DESCRIBED = [(name, entry) for name in WANTED for entry in SECTIONS[name].entries]


@pytest.mark.parametrize("name", UNIONS)
def test_every_kind_stands_in_its_chapter_once(name: str) -> None:
    classes = get_args(get_args(UNIONS[name])[0])
    assert [entry.kind for entry in SECTIONS[name].entries] == [c.model_fields["kind"].default for c in classes]
    assert [entry.standard for entry in SECTIONS[name].entries].count(True) == 1


@pytest.mark.parametrize(("name", "entry"), DESCRIBED, ids=lambda x: x if isinstance(x, str) else x.kind)
def test_every_entry_has_equation_and_facts(name: str, entry: Entry) -> None:
    assert entry.doc.lead.endswith(".") and entry.doc.equations
    wanted = WANTED[name] - ({"Source"} if entry.kind == "none" else set())
    assert wanted <= set(entry.doc.facts)
    assert all(len(text) > 6 for text in entry.doc.facts.values())
    assert not any(f"{fact}:" in str(part) for fact in ("Cost", "Source", "Bias", "Loss") for part in entry.doc.body)


def test_every_setting_stands_somewhere() -> None:
    found = {s.key for section in SECTIONS.values() for entry in section.entries for s in entry.fields}
    assert found == {s.key for s in all_settings()} - set(UNIONS)


def test_fields_have_the_bounds_of_their_own_kind() -> None:
    task = {entry.kind: {s.key: s for s in entry.fields} for entry in SECTIONS["task"].entries}
    assert (task["copying"]["length"].ge, task["temporal_order"]["length"].ge) == (1, 10)
    cell = {entry.kind: {s.key: s for s in entry.fields} for entry in SECTIONS["cell"].entries}
    assert list(cell["lstm"]) == ["hidden_size", "weights", "bias"]
    assert cell["lstm"]["bias"].default == "forget" and "update" not in cell["lstm"]["bias"].choices
    truncation = {entry.kind: [s.key for s in entry.fields] for entry in SECTIONS["truncation"].entries}
    assert truncation["full"] == [] and truncation["window"] == ["k1", "k2", "updates"]


def test_weights_and_biases_of_all_cells_stand_in_one_chapter() -> None:
    found = {entry.choice: entry for entry in SECTIONS["start"].entries}
    assert {"weights=orthogonal", "bias=forget", "bias=update", "bias=chrono", "bias=zero"} <= set(found)
    assert len(found) == len(SECTIONS["start"].entries)
    assert found["bias=forget"].doc.body[-1] == "For LSTM; the default of LSTM."
    assert found["weights=orthogonal"].doc.body[-1] == "For every cell; the default of tanh, LSTM, GRU."


def test_anchors_of_a_chapter_differ() -> None:
    for section in SECTIONS.values():
        kinds = [entry.kind for entry in section.entries]
        assert len(kinds) == len(set(kinds)) and (kinds or section.quantities)
        assert section.lead.endswith((".", ":")) and not section.lead.startswith(" ")


def test_all_that_is_measured_is_in_the_table() -> None:
    listed = {name: unit for quantity in quantities() for name, unit in quantity.units.items()}
    assert listed == dataset.UNITS
    assert all(quantity.meaning and set(quantity.dims) <= {"step", "time", "variant"} for quantity in quantities())
    assert quantities()[0].dims == ("step", "time") and quantities()[0].meaning.startswith("Σ_b")
    assert set(SECTIONS["quantities"].facts) == {"Cost", "Source"}


def test_all_instruments_are_there() -> None:
    names = {entry.kind for entry in SECTIONS["instruments"].entries}
    assert names == {name for name in instruments.__all__ if callable(getattr(instruments, name))} - {"InstrumentError"}
    assert "explorer.truncation_bias(config, lengths)" in {entry.choice for entry in SECTIONS["instruments"].entries}


@pytest.mark.parametrize("kind", ["tanh", "relu", "lstm", "gru"])
def test_the_number_of_parameters_is_as_said(kind: str) -> None:
    built = build(Experiment().changed(cell=kind, hidden_size=6, length=4, batch_size=1))
    entry = next(entry for entry in SECTIONS["cell"].entries if entry.kind == kind)
    gates = re.search(r"; (\d*)H\(H \+ D \+ 2\) parameters", entry.doc.facts["Cost"])
    assert gates
    found = sum(p.numel() for name, p in built.model.named_parameters() if name.startswith("rnn"))
    assert found == int(gates[1] or 1) * 6 * (6 + 2 + 2)


def test_the_constants_of_optimisers_are_those_of_torch() -> None:
    said = {entry.kind: str(entry.doc.equations) for entry in SECTIONS["optimizer"].entries}
    weight = [torch.nn.Parameter(torch.zeros(1))]
    adam, rms = torch.optim.Adam(weight).defaults, torch.optim.RMSprop(weight).defaults
    assert (adam["betas"], adam["eps"], rms["alpha"], rms["eps"]) == ((0.9, 0.999), 1e-8, 0.99, 1e-8)
    assert all(number in said["adam"] for number in ("0.9·m", "0.999·v", "1e-8"))
    assert all(number in said["rmsprop"] for number in ("0.99·v", "1e-8"))


def test_every_statement_about_a_framework_has_a_source() -> None:
    assert [found.kind for found in FRAMEWORKS if found.retired] == ["mxnet", "cntk"]
    for found in FRAMEWORKS:
        for words, sources in (*found.hides, *found.shows):
            assert words.endswith(".") and sources
            own = "this project", "checked on torch 2.13", "checked on torch 2.11"
            assert all(address_of(source) or source in own for source in sources)
    assert address_of("pytorch/pytorch#1407") == "https://github.com/pytorch/pytorch/issues/1407"
    assert address_of("discuss.pytorch.org/t/15500") == "https://discuss.pytorch.org/t/15500"
    assert address_of("this project") == ""


@pytest.mark.parametrize("layer", [torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU])
def test_retain_grad_on_a_fused_layer_sees_the_direct_path_only(layer: type[torch.nn.RNNBase]) -> None:
    torch.manual_seed(0)
    inputs = torch.randn(9, 2, 3, requires_grad=True)
    output, _ = layer(3, 5)(inputs)
    output.retain_grad()
    output[-1].square().sum().backward()
    assert output.grad is not None and inputs.grad is not None
    assert bool((output.grad[:-1] == 0).all()) and bool((output.grad[-1] != 0).any())
    assert bool((inputs.grad[:-1] != 0).any())
