"""The part of a script that says which steps its pieces read, where they run side by side."""

PIECES = """
# After every K1 steps, and at the end, the losses since then flow back through the K2 newest steps. The pieces run side
# by side: each from a state that is a constant, through the steps in its column of READ. Steps are counted from 0.
WITH_LOSS = np.arange(FIRST, T)
ENDS, PIECE = np.unique(np.minimum((WITH_LOSS // K1 + 1) * K1, T), return_inverse=True)
OLDEST = np.maximum(ENDS - K2, 0)
READ = np.minimum(OLDEST + np.arange(max(ENDS - OLDEST))[:, None], T - 1)  # [steps, pieces]
PLACE = WITH_LOSS - OLDEST[PIECE], PIECE  # where READ has the steps with a loss
"""
