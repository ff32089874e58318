"""An experiment as a script in JAX: a scan over time, with a zero added to each state."""

from explorer.experiment import Experiment
from explorer.scripts.base import Writer, classes, full, head, joined, numbers
from explorer.scripts.drawing import by_numpy
from explorer.scripts.windows import PIECES

PLAIN = '''
def cell(w, x, state):
    """h_t = {name}(W_ih·x_t + b_ih + W_hh·h + b_hh)."""
    (h,) = state
    return ({function}(x @ w["w_ih"].T + w["b_ih"] + h @ w["w_hh"].T + w["b_hh"]),)
'''
CELLS = {
    "tanh": PLAIN.format(name="tanh", function="jnp.tanh"),
    "relu": PLAIN.format(name="relu", function="jax.nn.relu"),
    "lstm": '''
def cell(w, x, state):
    """c_t = f·c + i·g and h_t = o·tanh(c_t)."""
    h, c = state
    i, f, g, o = jnp.split(x @ w["w_ih"].T + w["b_ih"] + h @ w["w_hh"].T + w["b_hh"], 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c
''',
    "gru": '''
def cell(w, x, state):
    """h_t = (1 - z)·n + z·h; the reset gate comes after the product, as in PyTorch and cuDNN."""
    (h,) = state
    v_r, v_z, v_n = jnp.split(x @ w["w_ih"].T + w["b_ih"], 3, axis=-1)
    u_r, u_z, u_n = jnp.split(h @ w["w_hh"].T + w["b_hh"], 3, axis=-1)
    r, z = jax.nn.sigmoid(v_r + u_r), jax.nn.sigmoid(v_z + u_z)
    n = jnp.tanh(v_n + r * u_n)
    return ((1 - z) * n + z * h,)
''',
}
STEP = '''
def step(w, state, now):
    """One step; the zero that is added to h_t gives its gradient a name: that of the zero is ∂L/∂h_t."""
    x, zero = now
    h, *others = cell(w, x, state)
    state = (h + zero, *others)
    return state, state
'''
FULL = '''
def unrolled(w, inputs, zeros):
    """h at the steps with a loss."""
    begin = {begin}
    _, states = jax.lax.scan(partial(step, w), begin, (inputs, zeros))
    return states[0][FIRST:]
'''
WINDOW = '''
def unrolled(w, inputs, zeros):
    """h at the steps with a loss; the truncated gradient is that of the pieces."""
    begin = {begin}
    _, states = jax.lax.scan(partial(step, w), begin, (inputs, zeros))
    states = [jnp.concatenate([first[None], later]) for first, later in zip(begin, states, strict=True)]
    oldest = tuple(jax.lax.stop_gradient(state[OLDEST]) for state in states)
    _, states = jax.lax.scan(partial(step, w), oldest, (inputs[READ], zeros[READ]))
    return states[0][PLACE]
'''
LOSSES = {
    True: "-jnp.take_along_axis(jax.nn.log_softmax(outputs), targets[..., None], axis=-1).mean()",
    False: "((outputs - targets) ** 2).mean()",
}
LOSS = """
def loss_of(w, zeros, inputs, targets):
    outputs = unrolled(w, inputs, zeros) @ w["w"].T + w["b"]
    return {loss}
"""
CLIPPING = {
    "none": "",
    "norm": """
    norm = jnp.sqrt(sum((g**2).sum() for g in gradient.values()))
    gradient = {k: g * jnp.minimum(1, THRESHOLD / norm) for k, g in gradient.items()}""",
    "value": """
    gradient = {k: jnp.clip(g, -THRESHOLD, THRESHOLD) for k, g in gradient.items()}""",
}
NAMES = {"sgd": "gradient descent", "adam": "Adam", "rmsprop": "RMSprop"}
# What the optimiser remembers, and its step.
OPTIMIZERS = {
    "sgd": ("like_w", """
    memory = {k: MOMENTUM * memory[k] + g for k, g in gradient.items()}
    w = {k: w[k] - LEARNING_RATE * m for k, m in memory.items()}"""),
    "adam": ("(0, like_w, like_w)", """
    n, m, v = memory
    n = n + 1
    m = {k: 0.9 * m[k] + 0.1 * g for k, g in gradient.items()}
    v = {k: 0.999 * v[k] + 0.001 * g**2 for k, g in gradient.items()}
    size = {k: jnp.sqrt(v[k] / (1 - 0.999**n)) + 1e-8 for k in w}
    w = {k: w[k] - LEARNING_RATE * m[k] / (1 - 0.9**n) / size[k] for k in w}
    memory = n, m, v"""),
    "rmsprop": ("(like_w, like_w)", """
    v, m = memory
    v = {k: 0.99 * v[k] + 0.01 * g**2 for k, g in gradient.items()}
    m = {k: MOMENTUM * m[k] + g / (jnp.sqrt(v[k]) + 1e-8) for k, g in gradient.items()}
    w = {k: w[k] - LEARNING_RATE * m[k] for k in w}
    memory = v, m"""),
}  # fmt: skip
UPDATE = '''
@jax.jit
def update(w, memory, zeros, inputs, targets):
    """One update of the weights by {optimizer}."""
    loss, gradient = jax.value_and_grad(loss_of)(w, zeros, inputs, targets){clipping}{step}
    return w, memory, loss
'''
TRAIN = """
w = {{name: jnp.asarray(values) for name, values in start().items()}}
zeros = jnp.zeros((T, B, H))
gradient = jax.jit(jax.grad(loss_of, argnums=1))(w, zeros, *next(batches()))  # at the start
grad_h = np.linalg.norm(np.asarray(gradient, np.float64), axis=-1).sum(-1).tolist()

like_w = {{name: jnp.zeros_like(values) for name, values in w.items()}}
memory = {memory}
for n, (inputs, targets) in zip(range(STEPS), batches(), strict=False):
    w, memory, loss = update(w, memory, zeros, inputs, targets)
    if n % max(STEPS // 10, 1) == 0:
        print(f"update {{n}}: loss {{loss:.4g}}")
print(json.dumps(grad_h))
"""


def _write(experiment: Experiment) -> str:
    optimizer = experiment.optimizer.kind
    memory, step = OPTIMIZERS[optimizer]
    zero = "jnp.zeros((B, H))"
    begin = f"({zero}, {zero})" if experiment.cell.kind == "lstm" else f"({zero},)"
    precise = ['jax.config.update("jax_enable_x64", True)  # float64'] * (experiment.dtype == "float64")
    return joined(
        [
            head(experiment, WRITER.title, WRITER.needs),
            "import json\nfrom functools import partial\nfrom math import prod, sqrt\n\n"
            "import jax\nimport jax.numpy as jnp\nimport numpy as np",
            *precise,
            numbers(experiment),
            *by_numpy(experiment),
            CELLS[experiment.cell.kind],
            STEP,
            *([] if full(experiment) else [PIECES]),
            (FULL if full(experiment) else WINDOW).format(begin=begin),
            LOSS.format(loss=LOSSES[classes(experiment)]),
            UPDATE.format(optimizer=NAMES[optimizer], clipping=CLIPPING[experiment.clipping.kind], step=step),
            TRAIN.format(memory=memory),
        ]
    )


WRITER = Writer("jax", "JAX", "jax", _write)
