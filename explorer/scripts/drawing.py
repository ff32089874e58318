"""The part of a script that draws the starting weights and the batches, the same in PyTorch and in NumPy.

In the texts `xp` stands for torch or for np, and `seeded` for how a generator is made there.
"""

from collections.abc import Iterator

from explorer.experiment import Experiment
from explorer.scripts.base import GATES

TORCH = {
    "uniform": '''
def uniform(generator, *shape):
    """Numbers from U[0, 1)."""
    return torch.rand(shape, generator=generator, dtype=torch.float64)
''',
    "integers": '''
def integers(generator, low, high, *shape):
    """Integers from low to high - 1."""
    return torch.randint(low, high, shape, generator=generator)
''',
    "normal": '''
def normal(generator, *shape):
    """Numbers from N(0, 1)."""
    return torch.randn(shape, generator=generator, dtype=torch.float64)
''',
}
NUMPY = {
    "words": '''
def words(generator, count):
    """The next words of 32 bits of the Mersenne Twister, which is PyTorch's generator, too."""
    return generator.randint(0, 2**32, count, dtype=np.uint32).astype(np.int64)
''',
    "uniform": '''
def uniform(generator, *shape):
    """Numbers from U[0, 1), as torch.rand makes them: 53 bits of two words."""
    high, low = words(generator, 2 * prod(shape)).reshape(-1, 2).T
    return ((high % 2**21 * 2**32 + low) / 2**53).reshape(shape)
''',
    "integers": '''
def integers(generator, low, high, *shape):
    """Integers from low to high - 1, as torch.randint makes them."""
    return low + words(generator, prod(shape)).reshape(shape) % (high - low)
''',
    "normal": '''
def normal(generator, *shape):
    """Numbers from N(0, 1), as torch.randn makes them: Box and Muller's in blocks of 16, a rest drawn anew."""
    size = prod(shape)
    drawn = uniform(generator, size)
    if size % 16:
        drawn = np.append(drawn[: size // 16 * 16], uniform(generator, 16))
    u, v = drawn.reshape(-1, 2, 8).swapaxes(0, 1)
    radius, angle = np.sqrt(-2 * np.log1p(-u)), 2 * np.pi * v
    made = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).ravel()
    return np.append(made[: size - 16], made[-16:]).reshape(shape)
''',
}
# torch.randn makes fewer than 16 numbers, the recurrent weights of up to three units, in another way.
NUMPY_FEW = '''
WAITING = []  # Box and Muller make two numbers at once; the second may wait here for the next call


def normal(generator, *shape):
    """Numbers from N(0, 1), as torch.randn makes fewer than 16."""
    while len(WAITING) < prod(shape):
        u, v = uniform(generator, 2)
        radius, angle = np.sqrt(-2 * np.log1p(-v)), 2 * np.pi * u
        WAITING.extend([radius * np.cos(angle), radius * np.sin(angle)])
    return np.array([WAITING.pop(0) for _ in range(prod(shape))]).reshape(shape)
'''
SMALL = '''
def small(generator, *shape):
    """PyTorch's start of recurrent networks: uniform in ±1/√H."""
    return (2 * uniform(generator, *shape) - 1) / sqrt(H)
'''
ORTHOGONAL = '''
def orthogonal(generator):
    """A random orthogonal matrix; the signs make all of them equally likely."""
    q, r = xp.linalg.qr(normal(generator, H, H))
    return q * xp.sign(xp.diagonal(r))
'''
# One gate's block of W_hh, by the kind of its weights.
BLOCKS = {
    "pytorch": "small(generator, H, H)",
    "gaussian": "GAIN / sqrt(H) * normal(generator, H, H)",
    "orthogonal": "GAIN * orthogonal(generator)",
    "identity": "SCALE * xp.eye(H, dtype=xp.float64)",
}
KEEP = {"lstm": "gates i, f, g, o: the forget gate", "gru": "gates r, z, n: the update gate"}
BATCHES = {
    "adding": ("Two of T random numbers are marked; their sum is asked for at the last step.", '''
        values = uniform(generator, T, B)
        markers = xp.zeros_like(values)
        for first, end in ((0, T // 2), (T // 2, T)):
            markers[integers(generator, first, end, B), xp.arange(B)] = 1
        yield xp.stack([values, markers], -1), (values * markers).sum(0)[None, :, None]
'''),
    "copying": ("Ten of eight symbols are read, and written again after a wait of LENGTH steps.", '''
        copied = integers(generator, 0, 8, 10, B)
        symbols = xp.full((T, B), 8)  # blanks
        symbols[:10] = copied
        symbols[10 + LENGTH - 1] = 9  # the sign to write
        targets = xp.full((T, B), 8)
        targets[-10:] = copied
        yield xp.eye(D)[symbols], targets
'''),
    "temporal_order": ("Two of T symbols are A or B; at the last step their order is asked for.", '''
        symbols = integers(generator, 2, D, T, B)  # distractors
        order = 0
        for first in (T // 10, T // 2):
            step = integers(generator, first, first + T // 10, B)
            cue = integers(generator, 0, 2, B)
            symbols[step, xp.arange(B)] = cue
            order = 2 * order + cue
        yield xp.eye(D)[symbols], order[None]
'''),
    "recall": ("The first of T symbols is asked for at the last step; all others are distractors.", '''
        symbols = integers(generator, SYMBOLS, D, T, B)
        symbols[0] = integers(generator, 0, SYMBOLS, B)
        yield xp.eye(D)[symbols], symbols[:1]
'''),
}  # fmt: skip
BATCHES_OF = '''
def batches():
    """{about}

    Yields the inputs, [T, B, D], and the targets of the steps with a loss.
    """
    generator = seeded(SEED + 2**31)
    while True:
{body}
'''


def by_torch(experiment: Experiment) -> list[str]:
    """Functions of a script: what draws, `start` (the weights, by name) and `batches`."""
    return [text.replace("xp.", "torch.").replace("seeded(", "torch.Generator().manual_seed(")
            for text in _drawing(experiment, TORCH)]  # fmt: skip


def by_numpy(experiment: Experiment) -> list[str]:
    """The same without torch."""
    few = experiment.cell.hidden_size**2 < 16
    return [text.replace("xp.", "np.").replace("seeded(", "np.random.RandomState(")
            for text in _drawing(experiment, NUMPY | {"normal": NUMPY_FEW} if few else NUMPY)]  # fmt: skip


def _drawing(experiment: Experiment, primitives: dict[str, str]) -> Iterator[str]:
    weights = experiment.cell.weights.kind
    normal = weights in ("gaussian", "orthogonal")
    yield from (text for name, text in primitives.items() if name != "normal" or normal)
    yield SMALL
    if weights == "orthogonal":
        yield ORTHOGONAL
    yield _start(experiment)
    about, body = BATCHES[experiment.task.kind]
    yield BATCHES_OF.format(about=about, body=body.strip("\n"))


def _start(experiment: Experiment) -> str:
    """The function that draws the weights, in the engine's order."""
    cell = experiment.cell
    gates = GATES[cell.kind]
    rows, block = (f"{gates} * H", BLOCKS[cell.weights.kind]) if gates > 1 else ("H", BLOCKS[cell.weights.kind])
    blocks = block if gates == 1 else f"xp.concatenate([{block} for _ in range({gates})])"
    biases = "\n".join(f"    {line}" for line in _biases(cell.kind, cell.bias.kind, rows))
    return f'''
def start():
    """The starting weights, with the shapes that torch.nn gives them."""
    generator = seeded(SEED)
    w_ih = small(generator, {rows}, D)
    w_hh = {blocks}
{biases}
    w, b = small(generator, C, H), small(generator, C)  # readout
    return {{"w_ih": w_ih, "w_hh": w_hh, "b_ih": b_ih, "b_hh": b_hh, "w": w, "b": b}}
'''


def _biases(cell: str, bias: str, rows: str) -> list[str]:
    if bias == "pytorch":
        return [f"b_ih, b_hh = small(generator, {rows}), small(generator, {rows})"]
    zeros = f"xp.zeros({rows}, dtype=xp.float64)"
    lines = [f"b_ih, b_hh = {zeros}, {zeros}"]
    if bias in ("forget", "update"):
        lines.append(f"b_ih[H : 2 * H] = {bias.upper()}_BIAS  # {KEEP[cell]}")
    elif bias == "chrono":
        lines.append(f"b_ih[H : 2 * H] = xp.log(1 + (MAX_LAG - 2) * uniform(generator, H))  # {KEEP[cell]}")
        if cell == "lstm":
            lines.append("b_ih[:H] = -b_ih[H : 2 * H]  # the input gate")
    return lines
