"""An experiment as a script in Keras 3 on JAX: Keras's cell in a scan, with a zero added to each state."""

from explorer.experiment import Experiment
from explorer.scripts.base import Writer, classes, full, head, joined, numbers
from explorer.scripts.drawing import by_numpy
from explorer.scripts.windows import PIECES

CELLS = {
    "tanh": "keras.layers.SimpleRNNCell(H{tanh})",
    "relu": 'keras.layers.SimpleRNNCell(H, activation="relu")',
    "lstm": "keras.layers.LSTMCell(H{tanh})",
    "gru": "keras.layers.GRUCell(H{tanh}, reset_after=True)",
}
NETWORK = '''
class Network(keras.Model):
    """Inputs [B, T, D] to the outputs of the steps with a loss, [B, n, C]."""

    def __init__(self):
        super().__init__()
        self.cell = {cell}
        self.readout = keras.layers.Dense(C)
        self.cell.build((B, D))
        self.readout.build((B, H))

    def step(self, state, now):
        """One step; the zero that is added to h_t gives its gradient a name: that of the zero is ∂L/∂h_t."""
        x, zero = now
        _, (h, *others) = self.cell(x, state)
        state = [h + zero, *others]
        return state, state

    def call(self, inputs, zeros=None):
        x = ops.swapaxes(inputs, 0, 1)  # time first
        zeros = ops.zeros((T, B, 1)) if zeros is None else zeros
        begin = [{begin}]
        _, states = ops.scan(self.step, begin, (x, zeros))
{steps}
        return self.readout(ops.swapaxes(h, 0, 1))
'''
STEPS = {
    True: "        h = states[0][FIRST:]",
    False: """
        states = [ops.concatenate([first[None], later]) for first, later in zip(begin, states, strict=True)]
        oldest = [ops.reshape(ops.stop_gradient(state[OLDEST]), (-1, H)) for state in states]
        x, zeros = (ops.reshape(a[READ], (len(READ), -1, a.shape[-1])) for a in (x, zeros))
        _, states = ops.scan(self.step, oldest, (x, zeros))
        h = ops.reshape(states[0], (len(READ), -1, B, H))[PLACE]""",
}
RECURRENT = """
# Keras has one bias where PyTorch has two.
recurrent = [w["w_ih"].T, w["w_hh"].T, w["b_ih"] + w["b_hh"]]"""
REORDERED = '''
def reordered(values):
    """From PyTorch's order of the gates, r, z, n, to that of Keras: z, r, n."""
    r, z, n = np.split(values, 3)
    return np.concatenate([z, r, n])
'''
GRU_RECURRENT = """
w_ih, w_hh, b_ih, b_hh = (reordered(w[name]) for name in ("w_ih", "w_hh", "b_ih", "b_hh"))
recurrent = [w_ih.T, w_hh.T, np.stack([b_ih, b_hh])]"""
LOSSES = {
    True: """
def loss_of(targets, outputs):
    return ops.sum(ops.sparse_categorical_crossentropy(targets, outputs, from_logits=True)) / (B * (T - FIRST))
""",
    False: """
def loss_of(targets, outputs):
    return ops.sum(ops.square(outputs - targets)) / B
""",
}  # sums: Keras takes means in float32, even those of float64
OPTIMIZERS = {
    "sgd": "keras.optimizers.SGD(LEARNING_RATE, momentum=MOMENTUM, **clipping)",
    "adam": "keras.optimizers.Adam(LEARNING_RATE, epsilon=1e-8, **clipping)",
    "rmsprop": "keras.optimizers.RMSprop(LEARNING_RATE, rho=0.99, momentum=MOMENTUM, epsilon=1e-16, **clipping)",
}  # Keras adds the epsilon of RMSprop before the root
CLIPPING = {"none": "{}", "norm": '{"global_clipnorm": THRESHOLD}', "value": '{"clipvalue": THRESHOLD}'}
TRAIN = """
model, w = Network(), start(){recurrent}
model.set_weights([*recurrent, w["w"].T, w["b"]])

at_start = jax.jit(jax.grad(lambda zeros, inputs, targets: loss_of(targets, model(inputs, zeros))))
gradient = at_start(ops.zeros((T, B, H)), *batch_first(*next(batches())))
grad_h = np.linalg.norm(np.asarray(gradient, np.float64), axis=-1).sum(-1).tolist()

clipping = {clipping}
optimizer = {optimizer}
model.compile(optimizer=optimizer, loss=loss_of)
for n, batch in zip(range(STEPS), batches(), strict=False):
    loss = model.train_on_batch(*batch_first(*batch))
    if n % max(STEPS // 10, 1) == 0:
        print(f"update {{n}}: loss {{loss:.4g}}")
print(json.dumps(grad_h))
"""


BATCH_FIRST = """
def batch_first(inputs, targets):
    return np.swapaxes(inputs, 0, 1), np.swapaxes(targets, 0, 1)
"""
ONE_BIAS = (
    "Keras has one bias where PyTorch has two, whose sum moves twice as far in an update: the start is the same, "
    "training a little different."
)


PRECISE = """
jax.config.update("jax_enable_x64", True)
keras.config.set_floatx("float64")  # Keras's own tanh and means would still round to float32, so others are used below
"""


def _write(experiment: Experiment) -> str:
    kind, gru = experiment.cell.kind, experiment.cell.kind == "gru"
    double = experiment.dtype == "float64"
    clipping, optimizer = CLIPPING[experiment.clipping.kind], OPTIMIZERS[experiment.optimizer.kind]
    return joined(
        [
            head(experiment, WRITER.title, WRITER.needs, *([] if gru else [ONE_BIAS])),
            "import json\nimport os\nfrom math import prod, sqrt",
            'os.environ["KERAS_BACKEND"] = "jax"  # read when Keras is imported',
            "import jax\nimport keras\nimport numpy as np\nfrom keras import ops",
            *([PRECISE] if double else []),
            numbers(experiment),
            *by_numpy(experiment),
            BATCH_FIRST,
            *([REORDERED] if gru else []),
            *([] if full(experiment) else [PIECES]),
            NETWORK.format(
                cell=CELLS[kind].format(tanh=", activation=jax.numpy.tanh" if double else ""),
                begin=", ".join(["ops.zeros((B, H))"] * (2 if kind == "lstm" else 1)),
                steps=STEPS[full(experiment)].strip("\n"),
            ),
            LOSSES[classes(experiment)],
            TRAIN.format(
                recurrent=GRU_RECURRENT if gru else RECURRENT,
                clipping=clipping,
                optimizer=optimizer,
            ),
        ]
    )


WRITER = Writer("keras", "Keras 3", "keras and jax", _write)
