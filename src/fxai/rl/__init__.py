"""Reinforcement learning, in torch or in compiled loops. The first axis of every tensor and array is the lane.

Weights are [lane, ...], states [lane, env, ...]. A hyperparameter that may differ between trials is [lane].
"""

import os

# Without this setting, MKL's rounding of a product may depend on memory addresses, and so on the width of the pack.
# MKL reads the variable at its first call.
os.environ.setdefault("MKL_CBWR", "AUTO")
