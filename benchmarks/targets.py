"""What is to be reached, by the measure's name: the figure that must be reached, and the one aimed at."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """Two bounds; from below where `larger` is better."""

    must: float
    aim: float
    larger: bool = False

    def verdict(self, value: float) -> str:
        """Which of the two a figure reaches: `aim`, `must` or `no`."""
        for word, bound in (("aim", self.aim), ("must", self.must)):
            if value >= bound if self.larger else value <= bound:
                return word
        return "no"


TARGETS = {
    "tanh: recorded step ÷ loop with retain_grad": Target(0.55, 0.35),
    "lstm: recorded step ÷ loop with retain_grad": Target(0.50, 0.35),
    "gru: recorded step ÷ loop with retain_grad": Target(0.55, 0.35),
    "tanh: recorded step ÷ fused torch.nn, unrecorded": Target(1.0, 0.7),
    "gru: recorded step ÷ fused torch.nn, unrecorded": Target(0.7, 0.4),
    "lstm: recorded step ÷ fused torch.nn, unrecorded": Target(2.2, 1.5),
    "lstm: recorded step ÷ JAX scan with recording": Target(1.3, 1.0),
    "first gradient curve of a new shape ÷ JAX's, compile included": Target(0.05, 0.01),
    "64 LSTM experiments on 2 cores ÷ 64 loops one after another": Target(0.12, 0.06),
    "tanh: recording on ÷ off": Target(1.10, 1.02),
    "lstm: recording on ÷ off": Target(1.10, 1.02),
    "gru: recording on ÷ off": Target(1.10, 1.02),
    "tanh: time per step at T=3200 ÷ at T=100": Target(1.15, 1.0),
    "lstm: time per step at T=3200 ÷ at T=100": Target(1.15, 1.0),
    "gru: time per step at T=3200 ÷ at T=100": Target(1.15, 1.0),
    "tanh, copying: credit_matrix ÷ T autograd passes": Target(0.1, 0.05),
    "lstm, copying: credit_matrix ÷ T autograd passes": Target(0.1, 0.05),
    "lstm, copying: credit_matrix": Target(2, 0.1),
    "lstm, copying: truncation_bias of 12 lengths in both styles": Target(3, 0.2),
    "training speed with the page streaming ÷ headless": Target(0.75, 0.9, larger=True),
    "slider moved → new curve in the browser": Target(300, 120),
    "make app → first curve in the browser": Target(6, 3),
}
