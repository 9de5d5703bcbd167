"""Reinforcement learning in torch, lanes first: every tensor leads with a lane axis.

Weights are [lane, ...], states [lane, env, ...], and every hyperparameter that may vary between two
trials is a tensor [lane].
"""

import os

# MKL may round a product by where its operands lie in memory, and so by the width of the pack. Conditional
# numerical reproducibility rules that out; MKL reads the variable at its first call.
os.environ.setdefault("MKL_CBWR", "AUTO")
