"""Measurements of several experiments at once, for pages: one after the other, each with an end."""

from types import SimpleNamespace

import pytest

from explorer.experiment import Experiment
from explorer.training import measure
from explorer.ui import measured
from explorer.ui.notices import plain, shortened

SLOW = [Experiment().changed(length=10, hidden_size=4, cell=cell) for cell in ("tanh", "lstm", "gru")]


class Job:
    """A measurement under way that ends when told."""

    made: list["Job"] = []

    def __init__(self, experiment: Experiment) -> None:
        self.experiment, self.answer, self.error = experiment, None, "no memory"
        self.done, self.cancelled, self.elapsed = False, False, 1.0
        Job.made.append(self)

    def cancel(self) -> None:
        self.cancelled = True


@pytest.fixture
def tab(monkeypatch):
    Job.made = []
    monkeypatch.setattr(measured, "st", SimpleNamespace(session_state={}))
    monkeypatch.setattr(measured, "MeasuringJob", Job)
    monkeypatch.setattr(measured, "QUICK", 0.0)
    monkeypatch.setattr(measured, "_known", type(measured._known)())


def test_slow_ones_are_measured_one_after_the_other(tab):
    for place, experiment in enumerate(SLOW):
        for _ in range(3):
            each, found = measured.starts(SLOW)
            assert found.waiting == 1.0 and found.error is None
        assert [flow is not None for flow in each] == [n < place for n in range(3)]
        assert [job.experiment for job in Job.made] == SLOW[: place + 1]
        assert not any(job.cancelled for job in Job.made)
        Job.made[-1].answer, Job.made[-1].done = measure(experiment), True
    each, found = measured.starts(SLOW)
    assert found.waiting is None and all(float(flow["grad_h"].max()) > 0 for flow in each)


def test_what_cannot_be_measured_is_told_and_not_tried_again(tab):
    measured.starts(SLOW[:2])
    Job.made[0].done = True
    for _ in range(3):
        each, found = measured.starts(SLOW[:2])
        assert found.error == "This could not be measured: no memory" and found.waiting == 1.0
    Job.made[1].answer, Job.made[1].done = measure(SLOW[1]), True
    each, found = measured.starts(SLOW[:2])
    assert [flow is None for flow in each] == [True, False] and found.waiting is None and found.error
    assert len(Job.made) == 2


def test_another_clipping_by_norm_is_not_measured_again(tab):
    """What is told of it is what measuring it would tell."""
    measured.starts(SLOW[:1])
    Job.made[0].answer, Job.made[0].done = measure(SLOW[0]), True
    for threshold in (1e-3, 1e3, None):
        rule = {"clipping": "none"} if threshold is None else {"threshold": threshold}
        experiment = SLOW[0].changed(**rule)
        (flow,), found = measured.starts([experiment])
        assert found.waiting is None and flow is not None
        assert flow.attrs["experiment"] == experiment.model_dump_json()
        for name, values in measure(experiment).items():
            assert flow[name].values == pytest.approx(values.values, rel=1e-6, nan_ok=True)
    assert 1e-3 < float(flow["grad_norm"][0]) < 1e3, "clipped by one of the thresholds, not by the other"
    assert len(Job.made) == 1


def test_notices_show_what_they_say():
    assert plain("a … ÷ 7e-6\n2") == "a … ÷ 7e\\-6 2"
    assert plain("[x](y) *b* `c` $d$ _e_ <i>") == (r"\[x\]\(y\) \*b\* \`c\` \$d\$ \_e\_ \<i\>")


def test_of_many_notices_each_field_is_named():
    told = [f"{name}: this is not allowed. The default is shown." for name in "abcde"]
    assert shortened(told[:3]) == told[:3]
    assert shortened(told) == [*told[:3], "… and 2 more, about d, e."]
    assert shortened(told * 4)[-1].endswith("d, e, a, b, c, d, e, a, b, c, d, e and 5 more.")
