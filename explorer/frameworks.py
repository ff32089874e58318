"""The frameworks that have backpropagation through time built in, and how each hides or shows the gradient in it.

Every statement names where it can be looked up, or the check of this project that measures it.
"""

from dataclasses import dataclass

Said = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Framework:
    """One framework.

    Attributes:
        kind: short name.
        title: its name.
        lead: how a recurrent network is written in it.
        hides: what of the gradient through time it does not give, each with its sources.
        shows: what it does give, each with its sources.
        retired: whether it is no longer developed.
    """

    kind: str
    title: str
    lead: str
    hides: tuple[Said, ...]
    shows: tuple[Said, ...]
    retired: bool = False


PYTORCH = Framework(
    "pytorch",
    "PyTorch",
    "A fused layer (`nn.RNN`, `nn.LSTM`, `nn.GRU`) for the whole sequence, or a cell in a Python loop; autograd goes "
    "back through either.",
    (
        (
            "`output.retain_grad()` on the output of a fused layer gives exactly zero at every step but the last where "
            "only the last is asked: it sees the direct path, not the recurrent ones.",
            ("checked on torch 2.13",),
        ),
        (
            "There is no way to the gradient of each step of `nn.RNN` and `nn.LSTM`; the answer to that request was "
            "cells in a loop and hooks.",
            ("pytorch/pytorch#1407",),
        ),
        ("The cell state of each step is not returned, only the last.", ("pytorch/pytorch#8938",)),
        (
            "On CUDA `nn.LSTMCell` is one fused operation: `retain_grad()` on its cell state leaves out the path "
            "by the same step's hidden state, which it has on the CPU.",
            ("checked on torch 2.11",),
        ),
        (
            "Fused layers on cuDNN have no second derivative.",
            ("pytorch/pytorch#5261", "pytorch/pytorch#9229", "pytorch/pytorch#25315", "pytorch/pytorch#134901"),
        ),
        (
            "In-place `detach_()` after the next step was computed does not cut the graph, so a sliding window cannot "
            "be made in place.",
            ("pytorch/pytorch#49236",),
        ),
    ),
    (
        (
            "`explorer.watch(module)` records every step of fused layers and cells, outputs unchanged.",
            ("this project",),
        ),
        ("A cell in a loop, with `retain_grad()` or a hook on each state.", ("pytorch/pytorch#1407",)),
        (
            "`clip_grad_norm_` returns the norm before clipping; a logged norm above the threshold is no mistake.",
            ("pytorch/pytorch#1032", "pytorch/torchtitan#1500"),
        ),
        (
            "Truncation is a loop of one's own with `detach()`; the k1 and k2 recipe stands in PyTorch's forum. "
            "Lightning's automatic form was removed in 2.0.",
            ("discuss.pytorch.org/t/15500", "Lightning-AI/pytorch-lightning#19985"),
        ),
    ),
)
TENSORFLOW = Framework(
    "tensorflow",
    "TensorFlow and Keras",
    "Layers (`SimpleRNN`, `LSTM`, `GRU`) that take the whole sequence; `tf.GradientTape` records what is computed.",
    (
        (
            "A user who asked `GradientTape` for the derivative of each state by the first one got `None`.",
            ("tensorflow/tensorflow#54417",),
        ),
    ),
    (
        (
            "The library see-rnn has gradients for each time step by a layer's outputs, and its weights'; its open "
            "request is for ∂h_t/∂h_0, because the weights' gradient stays while the long paths vanish.",
            ("OverLordGoldDragon/see-rnn#57",),
        ),
    ),
)
JAX = Framework(
    "jax",
    "JAX and Flax",
    "`jax.lax.scan` over a step function, compiled once for each shape; `jax.grad` goes back through it.",
    (
        (
            "`jax.grad` differentiates by arguments, and the states are none: their gradients take "
            "a change to the program.",
            ("google/flax#1152",),
        ),
    ),
    (
        (
            "A zero added to each state as an argument of its own: its gradient is that of the state. "
            "`benchmarks/jax_scan.py` does so and gives the same norms as the engine here.",
            ("google/flax#1152", "this project"),
        ),
        ("Flax has this as `Module.perturb`.", ("google/flax#1152",)),
    ),
)
MXNET = Framework(
    "mxnet",
    "Apache MXNet",
    "Layers (`gluon.rnn.RNN`, `LSTM`, `GRU`) for the whole sequence; cells that are stepped and unrolled by hand, "
    "slower and under finer control.",
    (
        (
            "No longer maintained: in the Apache Attic, archived on GitHub since 2023.",
            ("flwrlabs/flower#2724", "optuna/optuna-integration#235"),
        ),
    ),
    (
        (
            "Cells give each state as an array of its own.",
            ("mxnet.apache.org/versions/1.3.1/api/python/gluon/rnn.html",),
        ),
    ),
    retired=True,
)
CNTK = Framework(
    "cntk",
    "Microsoft Cognitive Toolkit (CNTK)",
    "Recurrence is a loop in the graph; truncation is a switch of reader and trainer.",
    (
        ("No longer developed, in favour of ONNX.", ("bethgelab/foolbox#22",)),
        (
            "With `Truncated=true` the size of a minibatch means the truncation length, and the true batch is that "
            "times the parallel sequences: learning rates for each minibatch were scaled wrongly by it.",
            ("cntk.codeplex.com/discussions/646027",),
        ),
    ),
    (),
    retired=True,
)
FRAMEWORKS = (PYTORCH, TENSORFLOW, JAX, MXNET, CNTK)


def address_of(source: str) -> str:
    """The web address of a source: of owner/name#number that of the thread; empty for what is no address."""
    repository, number = source.partition("#")[::2]
    if number:
        return f"https://github.com/{repository}/issues/{number}"
    return f"https://{source}" if "." in source.partition("/")[0] and "/" in source else ""
