"""Objectives for the tests of the loop, named `study_objectives:<function>`."""

import json
import math
import os
import random
import signal
import time
from collections.abc import Generator
from typing import Any, cast

from fxai.protocol import Outcome, Report, Slot, TrialPaths, TrialRequest

Trial = Generator[Report, None, Outcome]
STEPS = 4


def parabola(request: TrialRequest, slot: Slot) -> Trial:
    """Rises to -(x - 1)^2 in four steps, writes an agent, and continues from its checkpoint."""
    x = float(request.params["x"] or 0.0)
    request.directory.mkdir(parents=True, exist_ok=True)
    checkpoint = TrialPaths(request.directory).checkpoint
    saved = json.loads(checkpoint.read_text()) if checkpoint.exists() else []
    for step in range(1, STEPS + 1):
        value = -((x - 1) ** 2) - (STEPS - step)
        if step not in saved:
            saved.append(step)
            checkpoint.write_text(json.dumps(saved))
        yield Report(request.number, step, value, {"seed": request.seed % 1000})
    TrialPaths(request.directory).agent.write_text(f"agent of {request.number}")
    return Outcome(value, {"seed": request.seed % 1000})


def fails_alike(request: TrialRequest, slot: Slot) -> Trial:
    yield Report(request.number, 1, 0.0)
    raise ValueError("no such bar")


def fails_in_turn(request: TrialRequest, slot: Slot) -> Trial:
    yield Report(request.number, 1, 0.0)
    raise ValueError(("the data are gone", "the network burst")[request.number % 2])


def reports_oddly(request: TrialRequest, slot: Slot) -> Trial:
    """Reports two valid values, and values and steps that a study cannot store."""
    for step, value in ((1, math.nan), (5, 1.0), (5, 2.0), (3, 2.0), (2**63, 2.0), (10**5000, 2.0), (6, "2"), (7, 3.0)):
        metrics: Any = {"loss": math.nan, "note": "text", "fxai:seed": 1.0, "\ud800": 1.0}
        yield Report(request.number, step, cast("float", value), metrics)
    return Outcome(float("inf") if request.number == 1 else 4.0)


def dies_at_first(request: TrialRequest, slot: Slot) -> Trial:
    """Kills its worker in the first attempt of trial 1 and in every attempt of trial 2."""
    yield Report(request.number, 1, 0.0, {"attempt": float(request.attempt)})
    if request.number == 2 or (request.number == 1 and request.attempt == 0):
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(float(request.number), {"attempt": float(request.attempt)})


def slow(request: TrialRequest, slot: Slot) -> Trial:
    for step in range(1, 200):
        time.sleep(0.05)
        yield Report(request.number, step, 0.0)
    return Outcome(0.0)


def restless(request: TrialRequest, slot: Slot) -> Trial:
    """Rises to the value of `parabola`. Steps take random times, and longer in trials of the parity in $SLOW."""
    x = float(request.params["x"] or 0.0)
    pause = 0.02 if request.number % 2 == int(os.environ["SLOW"]) else 0.0
    for step in range(1, STEPS + 1):
        time.sleep(pause + random.SystemRandom().uniform(0.0, 0.005))
        drift = time.time() if os.environ.get("DRIFTS") == str(request.number) else 0.0
        yield Report(request.number, step, -((x - 1) ** 2) - (STEPS - step) / 10 + drift)
    return Outcome(-((x - 1) ** 2))


def paced(request: TrialRequest, slot: Slot) -> Trial:
    """Rises as `parabola` does, a tenth of a second for each step, and continues from its checkpoint."""
    x = float(request.params["x"] or 0.0)
    request.directory.mkdir(parents=True, exist_ok=True)
    checkpoint = TrialPaths(request.directory).checkpoint
    saved = json.loads(checkpoint.read_text()) if checkpoint.exists() else []
    found = len(saved)
    for step in range(1, STEPS + 1):
        if step not in saved:
            time.sleep(0.1)
            saved.append(step)
            checkpoint.write_text(json.dumps(saved))
        yield Report(request.number, step, -((x - 1) ** 2) - (STEPS - step))
    TrialPaths(request.directory).agent.write_text(f"agent of {request.number}")
    return Outcome(-((x - 1) ** 2), {"attempt": float(request.attempt), "found": float(found)})
