"""The matrix products of one training step and nothing else: the floor under every way of doing it on a CPU."""

from collections.abc import Callable

import torch

from explorer import Experiment, build


def products(experiment: Experiment) -> Callable[[], None]:
    """All products of a forward and a backward pass over T steps, into memory that is there already.

    Forward one input product [T·B, D]·[D, G·H] and T recurrent ones [B, H]·[H, G·H]; backward T products
    [B, G·H]·[G·H, H] and the two weight gradients [G·H, T·B]·[T·B, H] and [G·H, T·B]·[T·B, D].
    """
    built = build(experiment)
    inputs = built.batch.inputs.flatten(0, 1)
    weight_ih, weight_hh = built.model.rnn.weight_ih_l0.detach(), built.model.rnn.weight_hh_l0.detach()
    steps, batch, hidden = experiment.task.steps, experiment.batch_size, experiment.cell.hidden_size
    h, gates = torch.rand(steps, batch, hidden), torch.rand(steps, batch, len(weight_hh))
    out_h, out_gates = torch.empty_like(h), torch.empty_like(gates)
    out_ih, out_hh = torch.empty_like(weight_ih), torch.empty_like(weight_hh)
    forward, flat = weight_hh.T.contiguous(), gates.flatten(0, 1)

    def run() -> None:
        torch.mm(inputs, weight_ih.T, out=out_gates.view_as(flat))
        for t in range(steps):
            torch.mm(h[t], forward, out=out_gates[t])
        for t in range(steps):
            torch.mm(gates[t], weight_hh, out=out_h[t])
        torch.mm(flat.T, h.flatten(0, 1), out=out_hh)
        torch.mm(flat.T, inputs, out=out_ih)

    return run
