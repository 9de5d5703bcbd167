"""Trainings of multilayer perceptrons by PPO and A2C on a CPU, as arrays and compiled loops. It loads no torch."""
