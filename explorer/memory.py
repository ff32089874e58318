"""How the process asks the system for memory: what was freed is kept and used again.

A training step makes and frees the same large tensors again and again. As it comes, the C library gives them back to
the system each time, and fresh memory costs a page fault for every 4 kB, up to a quarter of the step.
"""

import ctypes
from functools import cache

# From glibc's malloc.h: parameter → value.
SETTINGS = {
    -4: 0,  # M_MMAP_MAX: no tensor gets pages of its own, which would go back to the system with it
    -1: 2**30,  # M_TRIM_THRESHOLD: bytes free at the end of the heap that are kept; a step rarely needs more
    -2: 2**26,  # M_TOP_PAD: bytes that the heap grows by beyond what is asked for, so that it grows rarely
}


@cache
def keep_freed_memory() -> None:
    """Tell the C library of this process, once; one that is not glibc keeps its ways."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # no such function; no such library; Windows
        return
    for parameter, value in SETTINGS.items():
        mallopt(parameter, value)
