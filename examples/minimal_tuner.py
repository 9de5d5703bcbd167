"""Tune a trading agent on bars of your own: `MinimalTuner`.

python examples/minimal_tuner.py            # 50 trials, some minutes
python examples/minimal_tuner.py --quick    # 4 short trials, as a test
"""

import argparse
from pathlib import Path
from typing import Any

import pandas as pd

import fxai
from fxai import MinimalTuner

parser = argparse.ArgumentParser(description="Tune a trading agent on bars of your own.")
parser.add_argument("--quick", action="store_true", help="4 short trials instead of 50")
quick = parser.parse_args().quick

# Bars of your own are a DataFrame with time, open, high, low and close. This example uses the bars that FxAI includes.
bars = pd.read_csv(Path(fxai.__file__).parent / "market" / "data" / "eurusd_1h.csv.gz")
train_data, val_data = bars[:4500], bars[4500:]

shorter = {"total_updates": 2, "n_envs": 4, "rollout_steps": 32, "n_epochs": 1} if quick else {}
small: dict[str, Any] = {"n_jobs": 1, "lanes_per_worker": 4, "plots": False, "confirm": False} if quick else {}
tuner = MinimalTuner(train_data, val_data, mlflow_tracking=False, training_config=shorter)

# With Ray installed, tune.loguniform(1e-4, 1e-2) and tune.choice([32, 64, 128]) mean the same.
space = {
    "lr": {"type": "loguniform", "low": 1e-4, "high": 1e-2},
    "hidden_size": {"type": "choice", "values": [32, 64, 128]},
    "batch_size": {"type": "choice", "values": [32, 64, 128]},
}

results = tuner.optimize(search_space=space, num_samples=4 if quick else 50, max_concurrent=4, **small)

best_config = results.config
best_metrics = results.metrics
print(f"Best configuration: {best_config}")
print(f"Score {best_metrics['score']:.5f} ± {best_metrics['total_return_error']:.5f} (error of the return alone)")

# Train and evaluate one configuration in this process, as the workers do in a search.
again = tuner.evaluate_config(best_config)
print(f"Trained again with another seed: {again['score']:.5f}")
