"""Optuna's home: studies, storage, samplers, pruners."""
