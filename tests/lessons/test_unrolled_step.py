"""The numbers of the first lesson, against plain PyTorch."""

import numpy as np
import torch

from explorer import build
from explorer.lessons.unrolled_step import training_step
from explorer.lessons.unrolling import START

HERE = START.changed(device="cpu")


def test_every_number_of_the_step_is_that_of_autograd() -> None:
    found = training_step(HERE)
    built = build(HERE)
    weights = {name: value.detach().clone().requires_grad_() for name, value in built.model.named_parameters()}
    ih, hh, bias_ih, bias_hh = (weights[f"rnn.{name}_l0"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    each = [hh * 1.0 for _ in range(4)]  # a copy of the weights for each step
    h = [torch.zeros(3, dtype=torch.float64)]
    for t, own in enumerate(each):
        own.retain_grad()
        h.append(torch.tanh(ih @ built.batch.inputs[t, 0] + bias_ih + own @ h[-1] + bias_hh))
        h[-1].retain_grad()
    answer = weights["readout.weight"] @ h[-1] + weights["readout.bias"]
    loss = torch.nn.functional.cross_entropy(answer, built.batch.targets[-1, 0].long())
    loss.backward()
    want = np.stack([state.grad.numpy() for state in h[1:]])
    assert np.abs(want).min() > 1e-6
    np.testing.assert_allclose(found["grad_h"].values, want, rtol=1e-8)
    np.testing.assert_allclose(found["h"].values, np.stack([state.detach().numpy() for state in h]), rtol=1e-8)
    np.testing.assert_allclose(found["grad_weight"].values, [float(own.grad.norm()) for own in each], rtol=1e-8)
    np.testing.assert_allclose(found["weight_gradient"].values, hh.grad.numpy(), rtol=1e-8)
    rate = found.attrs["learning_rate"]
    np.testing.assert_allclose(found["weight_after"].values, (hh - rate * hh.grad).detach().numpy(), rtol=1e-8)
    np.testing.assert_allclose(float(found["loss"]), float(loss.detach()), rtol=1e-12)
    assert float(found["loss_after"]) < float(found["loss"])
