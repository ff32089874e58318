"""Clipping: identity below, exact bound above, nothing more."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import cosine_similarity

from explorer.bptt import joint_norm
from explorer.clipping import Clipping, NoClipping, NormClipping, ValueClipping

RULES = [NoClipping, NormClipping, ValueClipping]


def gradients(seed: int = 0, size: float = 1.0) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [size * torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((5, 4), (7,), (2, 3))]


def clipped(rule: Clipping, before: list[Tensor]) -> list[Tensor]:
    after = [g.clone() for g in before]
    rule.clip(after, joint_norm(after))
    return after


def flat(tensors: list[Tensor]) -> Tensor:
    return torch.cat([t.flatten() for t in tensors])


@given(st.integers(0, 50), st.floats(1e-6, 1e6), st.floats(1e-3, 1e3))
def test_norm_is_bounded_exactly_and_the_direction_kept(seed: int, threshold: float, size: float) -> None:
    before = gradients(seed, size)
    after = clipped(NormClipping(threshold=threshold), before)
    norm = joint_norm(before)
    if norm <= threshold:
        assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    else:
        assert joint_norm(after) == pytest.approx(threshold, rel=1e-12)
    assert cosine_similarity(flat(before), flat(after), dim=0).item() == pytest.approx(1.0, abs=1e-12)


@given(st.integers(0, 50), st.floats(1e-6, 1e6), st.floats(1e-3, 1e3))
def test_value_bounds_every_entry_and_leaves_the_others(seed: int, threshold: float, size: float) -> None:
    before = gradients(seed, size)
    for old, new in zip(before, clipped(ValueClipping(threshold=threshold), before), strict=True):
        inside = old.abs() <= threshold
        assert torch.equal(old[inside], new[inside])
        assert torch.equal(new[~inside], threshold * old[~inside].sign())


def test_value_changes_the_direction() -> None:
    before = gradients()
    after = clipped(ValueClipping(threshold=0.3), before)
    assert cosine_similarity(flat(before), flat(after), dim=0) < 0.99


@pytest.mark.parametrize("rule", RULES)
@given(seed=st.integers(0, 20))
def test_clipping_twice_changes_nothing_more(rule: type[Clipping], seed: int) -> None:
    one = rule() if rule is NoClipping else rule.model_validate({"threshold": 0.7})
    before = gradients(seed)
    once = clipped(one, before)
    torch.testing.assert_close(clipped(one, once), once, rtol=1e-14, atol=0)
    assert torch.equal(flat(once), flat(before)) == (rule is NoClipping)


@pytest.mark.parametrize("rule", [NormClipping(threshold=0.5), ValueClipping(threshold=0.5)])
def test_float32_with_huge_and_tiny_gradients(rule: Clipping) -> None:
    huge = [g.float() for g in gradients(size=1e30)]
    after = flat(clipped(rule, huge)).double()
    bound = after.norm() if rule.kind == "norm" else after.abs().max()
    assert bound.item() == pytest.approx(0.5, rel=1e-6)
    tiny = [g.float() for g in gradients(size=1e-30)]
    assert torch.equal(flat(clipped(rule, tiny)), flat(tiny)) and joint_norm(tiny) > 0


def test_the_norm_is_that_of_all_parameters_together() -> None:
    before = [torch.tensor([3.0]), torch.tensor([4.0])]
    after = clipped(NormClipping(threshold=1.0), before)
    assert [round(t.item(), 6) for t in after] == [0.6, 0.8]
    assert math.isclose(joint_norm(before), 5.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rule", [NoClipping(), *(r(threshold=0.5) for r in RULES[1:])], ids=lambda r: r.kind)
def test_without_asking_for_a_number_the_same_is_done(rule: Clipping, dtype: torch.dtype) -> None:
    rows = torch.stack([flat(gradients(seed, size)) for seed, size in enumerate((1e-3, 1.0, 1e3))]).to(dtype)
    norms = rows.double().norm(dim=-1)
    found = rule.clipped(rows, norms)
    assert found.dtype == dtype
    for row, norm, after in zip(rows, norms, found, strict=True):
        (expected,) = clipped(rule, [row])
        torch.testing.assert_close(after, expected, rtol=1e-14 if dtype == torch.float64 else 1e-6, atol=0)
        torch.testing.assert_close(rule.clipped(row, norm), after, rtol=0, atol=0)
    assert torch.equal(found[0], rows[0])
    assert torch.equal(found[2], rows[2]) == (rule.kind == "none")


@pytest.mark.parametrize("rule", [NoClipping(), *(r(threshold=0.5) for r in RULES[1:])], ids=lambda r: r.kind)
@pytest.mark.parametrize("bad", [torch.inf, torch.nan])
def test_without_asking_for_a_number_what_is_not_finite_is_left_alone(rule: Clipping, bad: float) -> None:
    row = flat(gradients())
    row[1] = bad
    found = rule.clipped(row, row.norm())
    assert torch.equal(found.nan_to_num(7.0), row.nan_to_num(7.0)) and not found.isfinite().all()


@pytest.mark.parametrize("size", [1e-3, 1e3])
@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_changed_something_says_so(rule: type[Clipping], size: float) -> None:
    before = gradients(size=size)
    after = [g.clone() for g in before]
    said = rule().clip(after, joint_norm(after))
    changed = any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert said or not changed
    assert changed == (size > 1 and rule is not NoClipping)
