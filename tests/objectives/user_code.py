"""Functions as users write them, named `user_code:<function>`, which are called with a trial handle."""

import ctypes
import math
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(1000)"]


def climbs(trial):
    """Reports three steps, and prints."""
    print(f"trial {trial.number} in {Path.cwd().name}")  # noqa: T201
    for step in (1, 2, 3):
        if not trial.report(step, trial.params["x"] + step, pid=os.getpid(), twice=2 * step):
            return None
    return trial.params["x"]


def returns(trial):
    """Returns a value of the kind `kind`."""
    if trial.params["kind"] == "nothing after reports":
        trial.report(1, 7.0, loss=0.5)
    return {
        "float": 1.5,
        "numpy": np.float32(1.5),
        "mapping by metric": {"accuracy": 1.5, "loss": 2},
        "mapping by value": {"value": 1.5},
        "tuple": (1.5, {"loss": 2}),
        "nothing after reports": None,
        "nothing": None,
        "text": "much",
        "two values": (1.0, 2.0),
        "mapping without value": {"loss": 2},
        "infinity": float("inf"),
    }[trial.params["kind"]]


def sees(trial):
    """Checks the attributes of the handle."""
    assert trial.config == {"model": {"layers": [64, 32]}, "epochs": 3}
    assert trial.params == {"model.layers": [64, 32]}
    assert trial.checkpoint_dir.is_absolute()
    assert trial.checkpoint_dir.is_dir()
    assert trial.device == "cpu"
    return trial.seed


def draws(trial):
    """Draws from the global generators of `random` and NumPy."""
    return {"value": random.random(), "numpy": np.random.rand()}  # noqa: NPY002, S311


def fails(trial):
    trial.report(1, 0.5)
    raise ValueError("the data are gone\nsecond line")


def exits(trial):
    sys.exit("I had enough")


def crashes(trial):
    ctypes.string_at(0)


def hangs(trial):
    """Starts a child in its session and a child in another, reports their ids, then sleeps."""
    near = subprocess.Popen(SLEEP)
    far = subprocess.Popen(SLEEP, start_new_session=True)
    trial.report(1, 0.0, trial=os.getpid(), near=near.pid, far=far.pid)
    time.sleep(1000)


def ignores_the_decision(trial):
    """Continues after the decision to prune and ignores SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    far = subprocess.Popen(SLEEP, start_new_session=True)
    while True:
        trial.report(1, 0.0, trial=os.getpid(), far=far.pid)
        time.sleep(0.1)


def leaves_a_child(trial):
    far = subprocess.Popen(SLEEP, start_new_session=True)
    return {"value": 0.0, "far": far.pid}


def reports(trial):
    for step, value in trial.params["reports"]:
        assert trial.report(step, value)


def saves(trial):
    """Continues from its checkpoint up to step 5. The value is the number of steps of this process."""
    checkpoint = trial.checkpoint_dir / "step"
    done = int(checkpoint.read_text()) if checkpoint.exists() else 0
    for step in range(done + 1, 6):
        checkpoint.write_text(str(step))
        if not trial.report(step, step):
            return None
    return 5 - done


def by_seed(trial):
    """Reports three steps of its seed's value. An odd seed reports two, and seed 100 has other step numbers."""
    (trial.checkpoint_dir / "seed").write_text(str(trial.seed))
    for step in (1, 2, 3)[: 2 if trial.seed % 2 else 3]:
        trial.report(step + 5 * (trial.seed == 100), trial.seed * step, seed=trial.seed)
    return trial.seed * 10


def odd_in_one_seed(trial):
    """Of the seeds 1 and 2, only seed 1 reports values that cannot be stored. Both report metrics without a mean."""
    for step, value in enumerate((math.nan, 2.0, 3.0, math.inf, 5.0), start=1):
        if trial.seed == 1:
            trial.report(0.5 if step == 3 else step, value, large=-1e308, far=value)
        else:
            trial.report(step, 1.0, large=-1e308, far=-math.inf)
    return 1e308


def takes_memory(trial):
    """Takes `megabytes` for `seconds` without a report, in this process or in a child."""
    megabytes, seconds = int(trial.params["megabytes"]), trial.params["seconds"]
    if trial.params["in_child"]:
        code = f"import time; taken = b'x' * {megabytes}_000_000; time.sleep({seconds})"
        subprocess.run([sys.executable, "-S", "-c", code], check=True)
    else:
        taken = b"x" * (megabytes * 1_000_000)
        time.sleep(seconds)
        del taken
    return 1.0
