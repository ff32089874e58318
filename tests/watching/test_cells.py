"""torch.nn's cells in a user's own loop: each call is one time step of the record."""

from itertools import product

import numpy as np
import pytest
import torch
from torch import Tensor
from unrolled import KINDS, cell, close, layer, loop, unroll

from explorer import watch

STEPS, BATCH, INPUTS, HIDDEN = 7, 3, 2, 4


def twin(kind: str, module: torch.nn.Module) -> torch.nn.Module:
    """The layer with a cell's weights."""
    found = layer(kind, INPUTS, HIDDEN, bias=module.bias)
    found.load_state_dict({f"{name}_l0": w for name, w in module.state_dict().items()})
    return found


def inputs(*batch: int) -> Tensor:
    return torch.randn(STEPS, *batch, INPUTS, dtype=torch.float64)


@pytest.mark.parametrize(("kind", "bias", "batched"), [*product(KINDS, (False, True), (False, True))])
def test_a_loop_is_one_sequence(kind, bias, batched):
    torch.manual_seed(0)
    module, x = cell(kind, INPUTS, HIDDEN, bias=bias), inputs(*([BATCH] if batched else []))
    weight = torch.rand(STEPS, 1, dtype=torch.float64)

    def loss(by_time: list[Tensor]) -> Tensor:
        return sum((w * h.square()).sum() for w, h in zip(weight, by_time, strict=True))

    plain, _ = loop(module, x)
    expected = torch.autograd.grad(loss(plain), list(module.parameters()))
    with watch(module) as recorder:
        found, _ = loop(module, x)
        loss(found).backward()
    close(torch.stack(found), torch.stack(plain), "states")
    for p, gradient in zip(module.parameters(), expected, strict=True):
        close(p.grad, gradient, "parameter")
    hand, data = unroll(kind, twin(kind, module), x if batched else x.unsqueeze(1)), recorder.dataset()
    assert data["grad_h"].dims == ("step", "time") and data.sizes == {"step": 1, "time": STEPS}
    for name, norms in hand.norms(loss(list(hand.output)), (0, 0)).items():
        close(data[name].values[0], norms, name)


def test_retained_gradients_agree():
    """What people write by hand: `retain_grad()` on every state."""
    torch.manual_seed(1)
    module, x = cell("gru", INPUTS, HIDDEN), inputs(BATCH)
    by_time, _ = loop(module, x)
    for h in by_time:
        h.retain_grad()
    by_time[-1].square().sum().backward()
    with watch(module) as recorder:
        loop(module, x)[0][-1].square().sum().backward()
    expected = torch.stack([h.grad.norm(dim=-1).sum() for h in by_time])
    close(recorder.dataset()["grad_h"].values[0], expected, "grad_h")


def test_given_states_have_gradients():
    torch.manual_seed(2)
    module, x = cell("lstm", INPUTS, HIDDEN), inputs(BATCH)
    start = tuple(torch.randn(BATCH, HIDDEN, dtype=torch.float64).requires_grad_() for _ in range(2))
    expected = torch.autograd.grad(loop(module, x, start)[1][1].square().sum(), start)
    with watch(module):
        found = torch.autograd.grad(loop(module, x, start)[1][1].square().sum(), start)
    for one, other in zip(found, expected, strict=True):
        close(one, other, "initial state")


def test_states_without_a_path_to_the_loss_are_exactly_zero():
    torch.manual_seed(3)
    module, x, state = cell("lstm", INPUTS, HIDDEN), inputs(BATCH), None
    with watch(module) as recorder:
        by_time = []
        for t in range(STEPS):
            if t == 3:
                state = tuple(s.detach() for s in state)
            state = module(x[t], state)
            by_time.append(state[0])
        by_time[5].square().sum().backward()
    data = recorder.dataset()
    for name in ("grad_h", "grad_c"):
        assert (data[name].values[0, [0, 1, 2, 6]] == 0).all() and (data[name].values[0, 3:6] > 1e-6).all()


def test_a_new_sequence_begins_after_each_backward():
    torch.manual_seed(4)
    module, x = cell("tanh", INPUTS, HIDDEN), inputs(BATCH)
    with watch(module) as recorder:
        for length in (4, STEPS):
            loop(module, x[:length])[0][-1].sum().backward()
    found = recorder.dataset()["grad_h"].values
    assert (
        found.shape == (2, STEPS) and np.isnan(found[0, 4:]).all() and (found[0, :4] > 0).all() and (found[1] > 0).all()
    )


def test_two_cells_of_different_sizes_in_one_loop():
    torch.manual_seed(5)
    model = torch.nn.ModuleDict({"low": cell("gru", INPUTS, HIDDEN), "high": cell("lstm", HIDDEN, 3)})
    x, low, high, lows = inputs(BATCH), None, None, []
    with watch(model) as recorder:
        for t in range(STEPS):
            low = model["low"](x[t], low)
            lows.append(low)
            high = model["high"](low, high)
        high[0].square().sum().backward()
    data = recorder.dataset()
    assert list(data["module"].values) == ["low", "high"] and data["grad_h"].dims == ("module", "step", "time")
    assert np.isnan(data["grad_c"].sel(module="low")).all() and (data["grad_c"].sel(module="high") > 0).all()
    assert (data["grad_h"] > 0).all()


def test_states_may_be_changed_in_place():
    """As with torch's own LSTMCell: a mask on h, in place, in every step."""
    torch.manual_seed(6)
    module, x = cell("lstm", INPUTS, HIDDEN), inputs(BATCH)
    mask = torch.rand(BATCH, HIDDEN, dtype=torch.float64).round()

    def loss() -> Tensor:
        state = None
        for row in x:
            state = module(row, state)
            state[0].mul_(mask)
        return state[0].square().sum()

    expected = torch.autograd.grad(loss(), list(module.parameters()))
    with watch(module):
        found = torch.autograd.grad(loss(), list(module.parameters()))
    for one, other in zip(found, expected, strict=True):
        close(one, other, "parameter")
