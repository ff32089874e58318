"""Settings of the whole suite: one thread, and the same random examples in every run."""

import os

import hypothesis
import torch

torch.set_num_threads(1)
hypothesis.settings.register_profile("same", deadline=None, derandomize=True, max_examples=100)
hypothesis.settings.register_profile("search", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
