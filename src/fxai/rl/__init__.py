"""Reinforcement learning in torch, lanes first: every tensor leads with a lane axis.

Weights are [lane, ...], states [lane, env, ...], and every hyperparameter that may vary between two
trials is a tensor [lane].
"""
