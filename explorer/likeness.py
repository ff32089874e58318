"""How one gradient stands to another: its direction, its size, and how far off it is."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.bptt import norm

LIKENESS = {
    "cosine": "cosine between this and the full gradient",
    "norm_ratio": "‖this gradient‖ / ‖full gradient‖",
    "relative_bias": "‖this − full gradient‖ / ‖full gradient‖",
}


def compared(vectors: Tensor) -> NDArray[np.float64]:
    """`LIKENESS` of the gradients [n + 1, numbers] in float64, each against the last, [3, n].

    The cosine of a gradient of zero is nan, and so is everything against one of zero.
    """
    *_, full = vectors
    sizes, off = norm(vectors), norm(vectors - full)
    cosine = (vectors / sizes.unsqueeze(1)) @ (full / sizes[-1])
    found: NDArray[np.float64] = (
        torch.stack([cosine.clamp(-1, 1), sizes / sizes[-1], off / sizes[-1]])[:, :-1].cpu().numpy()
    )
    return found
