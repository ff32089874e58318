"""What stands beside published numbers is measured, and the published numbers follow from their formulas."""

from dataclasses import replace
from math import log

import pytest
import torch
from invoking import invoke

from explorer import Experiment
from explorer.comparisons import KNOWN, measured, without_memory
from explorer.findings import decay
from explorer.findings.published_sentences import published_beside_measured
from explorer.presets import PRESETS
from explorer.published import ADDING, BOUND, COPYING_100, INFLUENCE, OPTIMUM, ORDER, WALL
from explorer.tasks import Adding, Copying, Recall, TemporalOrder

WITH_NUMBER = [preset for preset in PRESETS if preset.published is not None]
FORMULAS = {
    COPYING_100: 10 * log(8) / 120, ADDING: 1 / 6, ORDER: log(4), BOUND: 0.9, INFLUENCE: 10 * 2 - 13 * 2.0,
    OPTIMUM: 1 / (10 * 2 - 13 * 2.0), WALL: 0.5 - 5 * float(torch.sigmoid(torch.tensor(0.5, dtype=torch.float64))),
}  # fmt: skip


@pytest.mark.parametrize("published", FORMULAS, ids=lambda found: found.what)
def test_a_published_number_is_that_of_its_formula_and_has_a_source(published) -> None:
    assert published.value == pytest.approx(FORMULAS[published], rel=2.1e-3)
    assert any(year in published.source for year in ("2013", "2016", "2017"))


@pytest.mark.parametrize("task", [Adding(length=20), Copying(length=15), TemporalOrder(length=10), Recall(symbols=5)])
def test_the_loss_without_memory_is_measured_on_drawn_sequences(task, monkeypatch) -> None:
    found = without_memory(task)
    value, error = float(found["loss_without_memory"]), float(found["standard_error"])
    assert value == pytest.approx(task.chance[0], abs=4 * error + 2e-3)
    assert value != task.chance[0] and float(without_memory(task, 500, seed=1)["loss_without_memory"]) != value
    draw = type(task).draw

    def known(self, amount, generator):
        """Answers that need no memory, or half the memory."""
        batch = draw(self, amount, generator)
        return replace(batch, targets=batch.targets // 9 if batch.targets.ndim == 2 else batch.targets / 2)

    monkeypatch.setattr(type(task), "draw", known)
    expected = value / 4 if task.kind == "adding" else 0
    assert float(without_memory(task)["loss_without_memory"]) == pytest.approx(expected, abs=1e-9)


def test_every_number_of_a_preset_agrees_with_what_is_measured() -> None:
    assert len({preset.published for preset in WITH_NUMBER}) == 4
    for preset in WITH_NUMBER:
        found, published = measured(preset), preset.published
        if preset.quantity == "decay":
            fitted = decay(found, 0)
            assert fitted is not None and 0.5 < fitted.factor <= published.value
        else:
            error = 4 * float(found["standard_error"]) + 1e-3
            assert float(found["loss_without_memory"]) == pytest.approx(published.value, abs=error)


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_numbers_of_small_systems_agree_with_what_is_measured(known) -> None:
    assert known.measure() == pytest.approx(known.published.value, abs=2e-4)


def test_the_sentence_has_both_numbers_the_source_and_the_run(tmp_path) -> None:
    found = without_memory(Adding(length=4), 300)
    said = "".join(text for text, _ in published_beside_measured(ADDING, found))
    assert said.startswith("Published: 0.167, loss of the best answer without memory")
    assert "(Arjovsky, Shah & Bengio 2016). Le, Jaitly & Hinton 2015 print 0.1767" in said
    assert f" Measured: {float(found['loss_without_memory']):.4g} ± " in said
    assert said.endswith(" on 300 sequences; not trained yet.")
    from explorer import train

    run = train(Experiment().changed(length=4, hidden_size=3, steps=20, batch_size=8, device="cpu"))
    ended = "".join(text for text, _ in published_beside_measured(ADDING, found, run))
    assert ended.endswith(f"; the loss of this run ends at {float(run['loss'][-2:].mean()):.4g}.")
    spoilt = run.copy(deep=True)
    spoilt["loss"].values[7] = float("nan")
    assert "this run diverged at update 7." in published_beside_measured(ADDING, found, spoilt)[1][0]


def test_the_command_lists_all_and_measures_when_asked() -> None:
    listed = invoke("presets")
    assert listed.exit_code == 0 and "measured:" not in listed.stdout
    for preset in PRESETS:
        assert f"{preset.name}: " in listed.stdout and (
            preset.published is None or preset.published.source in listed.stdout
        )
    found = invoke("presets", "--measure", "--only", "influence").stdout
    assert found.count("measured: −6\n") == 1 and found.count("measured: −0.1667") == 1
