"""`HPOptimizer` over a model of your own: any class with a method `train`.

python examples/own_engine.py            # 40 trials, half a minute
python examples/own_engine.py --quick    # 6 trials
"""

import argparse
import logging

import numpy as np

from fxai import HPOptimizer

parser = argparse.ArgumentParser(description="HPOptimizer over a model of your own.")
parser.add_argument("--quick", action="store_true", help="6 trials instead of 40")
parser.add_argument("--verbose", action="store_true", help="log every report of every trial")
given = parser.parse_args()


class Ridge:
    """A linear model that predicts noisy returns from their lags, fitted by gradient descent."""

    def __init__(self) -> None:
        returns = np.random.default_rng(0).normal(0, 1, 2000)
        returns[1:] += 0.3 * returns[:-1]
        self.returns = returns

    def train(self, model_config, data_config, training_config, trial):
        """Train one trial, in a separate process."""
        lags, penalty = model_config["lags"], model_config["hyperparameters"]["penalty"]
        x = np.stack([self.returns[lags - lag - 1 : -lag - 1] for lag in range(lags)], axis=1)
        y = self.returns[lags:]
        cut = int(len(y) * data_config["train"])
        weights = np.zeros(lags)
        for epoch in range(training_config["epochs"]):
            error = x[:cut] @ weights - y[:cut]
            weights -= model_config["learning_rate"] * (x[:cut].T @ error / cut + penalty * weights)
            loss = float(((x[cut:] @ weights - y[cut:]) ** 2).mean())
            if not trial.report(epoch, loss):
                break  # pruned: worse than other trials at this epoch
        return {"val_loss": loss, "largest_weight": float(np.abs(weights).max())}


if given.verbose:
    logging.getLogger("HPOptimizer").setLevel(logging.DEBUG)

optimizer = HPOptimizer(training_engine=Ridge(), plots=False)
model_config = {"hyperparameters": {"penalty": 0.0}}
results = optimizer.optimize(
    model_config=model_config,
    data_config={"train": 0.7},
    training_config={"epochs": 20},
    param_space={
        "learning_rate": {"type": "loguniform", "low": 1e-3, "high": 1.0},
        "lags": {"type": "randint", "low": 1, "high": 10},
        "l2": {"type": "loguniform", "low": 1e-4, "high": 1.0},
    },
    param_mapping={"l2": "hyperparameters.penalty"},
    num_trials=6 if given.quick else 40,
    metric="val_loss",
    mode="min",
    scheduler="median",
    study_name="own_engine",
)
print(results)
print("The best configuration:", optimizer.get_best_model_config(model_config))
