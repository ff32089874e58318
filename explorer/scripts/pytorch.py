"""An experiment as a script in PyTorch: a cell in a loop that keeps the gradient of every state."""

from explorer.experiment import Experiment
from explorer.scripts.base import Writer, classes, full, head, joined, numbers
from explorer.scripts.drawing import by_torch

CELLS = {
    "tanh": "nn.RNNCell(D, H, dtype=DTYPE)",
    "relu": 'nn.RNNCell(D, H, nonlinearity="relu", dtype=DTYPE)',
    "lstm": "nn.LSTMCell(D, H, dtype=DTYPE)",
    "gru": "nn.GRUCell(D, H, dtype=DTYPE)",
}
LOSSES = {
    True: "nn.functional.cross_entropy(outputs.flatten(0, 1), targets.flatten(){part})",
    False: "nn.functional.mse_loss(outputs, targets.to(DTYPE){part})",
}
LOSS = '''
def loss_of(h, targets):
    """{about}"""
    outputs = readout(h)
    return {loss}
'''
PART = ', reduction="sum"', " / (B * (T - FIRST))"
MODEL = """
cell, readout = {cell}, nn.Linear(H, C, dtype=DTYPE)
parameters = [*cell.parameters(), *readout.parameters()]
with torch.no_grad():
    for parameter, values in zip(parameters, start().values(), strict=True):
        parameter.copy_(values)
"""
FULL = '''
def backward(inputs, targets):
    """Forward, and back through every step: the loss, and ∂L/∂h_t for t = 1…T, [T, B, H]."""
    {state} = torch.zeros(B, H, dtype=DTYPE)
    states = []
    for x in inputs.to(DTYPE):
        {step}
        h.retain_grad()
        states.append(h)
    loss = loss_of(torch.stack(states[FIRST:]), targets)
    loss.backward()
    return loss.item(), torch.stack([h.grad for h in states])
'''
WINDOW = '''
def backward(inputs, targets):
    """Forward, and back piece by piece: the loss, and ∂L/∂h_t for t = 1…T, [T, B, H].

    After every K1 steps, and at the end, the losses since then flow back through the K2 newest steps. The state that is
    older than those is a constant. Where pieces overlap, their gradients add up.
    """
    inputs = inputs.to(DTYPE)
    {state} = torch.zeros(B, H, dtype=DTYPE)
    states = [{kept}]  # at the times 0…T, as constants
    total, gradient = 0.0, torch.zeros(T, B, H, dtype=DTYPE)
    for begin in range(0, T, K1):
        end = min(begin + K1, T)
        asked = max(begin, FIRST)  # the first step with a loss among those of this piece
        oldest = max(0, end - K2) if asked < end else begin  # without a loss only the new states are needed
        {load} = states[oldest]
        piece = []
        for t in range(oldest, end):
            {step_t}
            h.retain_grad()
            piece.append(h)
            if t >= begin:
                states.append({kept_now})
        if asked < end:
            loss = loss_of(torch.stack(piece[asked - oldest :]), targets[asked - FIRST : end - FIRST])
            loss.backward()
            total += loss.item()
            gradient[oldest:end] += torch.stack([h.grad for h in piece])
    return total, gradient
'''
OPTIMIZERS = {
    "sgd": "torch.optim.SGD(parameters, lr=LEARNING_RATE, momentum=MOMENTUM)",
    "adam": "torch.optim.Adam(parameters, lr=LEARNING_RATE)",
    "rmsprop": "torch.optim.RMSprop(parameters, lr=LEARNING_RATE, momentum=MOMENTUM)",
}
CLIPPING = {
    "none": "",
    "norm": "    nn.utils.clip_grad_norm_(parameters, THRESHOLD)\n",
    "value": "    nn.utils.clip_grad_value_(parameters, THRESHOLD)\n",
}
TRAIN = """
_, gradient = backward(*next(batches()))  # at the start
grad_h = gradient.double().norm(dim=-1).sum(-1).tolist()

optimizer = {optimizer}
for step, (inputs, targets) in zip(range(STEPS), batches(), strict=False):
    optimizer.zero_grad()
    loss, _ = backward(inputs, targets)
{clipping}    optimizer.step()
    if step % max(STEPS // 10, 1) == 0:
        print(f"update {{step}}: loss {{loss:.4g}}")
print(json.dumps(grad_h))
"""


def _write(experiment: Experiment) -> str:
    lstm = experiment.cell.kind == "lstm"
    backward = (FULL if full(experiment) else WINDOW).format(
        state="h = c" if lstm else "h",
        load="h, c" if lstm else "h",
        step="h, c = cell(x, (h, c))" if lstm else "h = cell(x, h)",
        step_t="h, c = cell(inputs[t], (h, c))" if lstm else "h = cell(inputs[t], h)",
        kept="(h, c)" if lstm else "h",
        kept_now="(h.detach(), c.detach())" if lstm else "h.detach()",
    )
    loss = LOSSES[classes(experiment)]
    if full(experiment):
        loss = LOSS.format(about="The loss, a mean over sequences.", loss=loss.format(part=""))
    else:
        about = "What these steps add to the loss, the mean over sequences and steps with a loss."
        loss = LOSS.format(about=about, loss=loss.format(part=PART[0]) + PART[1])
    return joined(
        [
            head(experiment, WRITER.title, WRITER.needs),
            "import json\nfrom math import sqrt\n\nimport torch\nfrom torch import nn",
            "torch.set_num_threads(1)  # at these sizes faster than more",
            f"{numbers(experiment)}\nDTYPE = torch.{experiment.dtype}",
            *by_torch(experiment),
            MODEL.format(cell=CELLS[experiment.cell.kind]),
            loss,
            backward,
            TRAIN.format(optimizer=OPTIMIZERS[experiment.optimizer.kind], clipping=CLIPPING[experiment.clipping.kind]),
        ]
    )


WRITER = Writer("pytorch", "PyTorch", "torch", _write)
