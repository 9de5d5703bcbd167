"""Objectives for the tests, named `trial_objectives:<function>`; they run in real workers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from typing import Any

from fxai.protocol import Outcome, Report, Slot, TrialPaths, TrialRequest

Trial = Generator[Report, None, Outcome]


def counts(request: TrialRequest, slot: Slot) -> Trial:
    """Reports 1, 2, ... `steps`, with a checkpoint at each step."""
    request.directory.mkdir(parents=True, exist_ok=True)
    for step in range(1, int(request.params.get("steps") or 3) + 1):
        TrialPaths(request.directory).checkpoint.write_text(str(step))
        yield Report(request.number, step, float(step), {"pid": float(os.getpid())})
    return Outcome(float(request.params.get("value") or 0.5), {"pid": float(os.getpid())})


def prints(request: TrialRequest, slot: Slot) -> Trial:
    print(f"hello from trial {request.number}")  # noqa: T201
    sys.stderr.write("and from its stderr\n")
    yield Report(request.number, 1, 0.0)
    return Outcome(0.0)


def raises(request: TrialRequest, slot: Slot) -> Trial:
    yield Report(request.number, 1, 0.0)
    raise ValueError("the data are gone\nsecond line")


def exits(request: TrialRequest, slot: Slot) -> Trial:
    yield Report(request.number, 1, 0.0)
    sys.exit("I had enough")


def runs_out_of_memory(request: TrialRequest, slot: Slot) -> Trial:
    yield Report(request.number, 1, float(os.getpid()))
    raise MemoryError


def reports_odd_numbers(request: TrialRequest, slot: Slot) -> Trial:
    """Reports three valid values among many that cannot be stored."""
    yield Report(request.number, 1, float("nan"))
    yield Report(request.number, 5, 1.0)
    values: Any = (float("inf"), -float("inf"), 10**400, None, "0.5", True, [1], object())
    for value in values:
        yield Report(request.number, 9, value)
    steps: Any = (5, 3, -1, 0.5, 2**63, 10**5000, float("nan"), "7", None, True, 10.0)
    for step in steps[:-1]:
        yield Report(request.number, step, 1.0)
    yield Report(request.number, steps[-1], 2.0)
    odd: Any = {
        "kept": 1,
        "lost": -(10**400),
        "text": "1",
        "flag": True,
        "fxai:seed": 1,
        "\ud800": 1,
        "n" * 5000: 1,
        3: 1,
    }
    yield Report(request.number, 11, 1e308, odd, env_steps=10**5000)
    nested: Any = {"kept": 1.0, "nested": {"a": 1}}
    return Outcome(3.0, nested)


def returns_infinity(request: TrialRequest, slot: Slot) -> Trial:
    yield Report(request.number, 1, 0.0)
    return Outcome(float("inf"))


def returns_nothing(request: TrialRequest, slot: Slot) -> Generator[Report, None, None]:
    yield Report(request.number, 1, 0.0)


def reports_numpy_numbers(request: TrialRequest, slot: Slot) -> Trial:
    """Reports NumPy numbers, which JSON cannot represent."""
    import numpy as np  # noqa: PLC0415  # most workers of the tests do not need NumPy

    one: Any = np.float32(1.0)
    step: Any = np.int64(1)
    yield Report(request.number, step, one, {"one": one})
    return Outcome(one, {"one": one})


def reports_another(request: TrialRequest, slot: Slot) -> Trial:
    yield Report(request.number + 1, 1, 0.0)
    return Outcome(0.0)


def fails_at_closing(request: TrialRequest, slot: Slot) -> Trial:
    try:
        yield Report(request.number, 1, 0.0)
    finally:
        raise OSError("the disk is full")


def kills_itself(request: TrialRequest, slot: Slot) -> Trial:
    yield Report(request.number, 1, 0.0)
    os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(0.0)


def hangs(request: TrialRequest, slot: Slot) -> Trial:
    yield Report(request.number, 1, 0.0)
    time.sleep(1000)
    return Outcome(0.0)


def hangs_ignoring_sigterm(request: TrialRequest, slot: Slot) -> Trial:
    """One long C call that holds the interpreter's lock, in a process that ignores SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    yield Report(request.number, 1, float(os.getpid()))
    sum(range(10**13))
    return Outcome(0.0)


def has_children(request: TrialRequest, slot: Slot) -> Trial:
    """Starts a child in its process group and a child in a session of its own."""
    sleep = [sys.executable, "-S", "-c", "import time; time.sleep(1000)"]
    near = subprocess.Popen(sleep)
    far = subprocess.Popen(sleep, start_new_session=True)
    yield Report(request.number, 1, 0.0, {"near": near.pid, "far": far.pid, "worker": os.getpid()})
    if request.params.get("dies"):
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(1000)
    return Outcome(0.0)


def floods(request: TrialRequest, slot: Slot) -> Trial:
    """Prints 8 MB."""
    yield Report(request.number, 1, 0.0)
    print("the beginning")  # noqa: T201
    for _ in range(8000):
        os.write(1, b"x" * 999 + b"\n")
    print("the end")  # noqa: T201
    return Outcome(0.0)


def grows(request: TrialRequest, slot: Slot) -> Trial:
    """Allocates `megabytes`, keeps them in the process, and sleeps for `seconds` (0)."""
    yield Report(request.number, 1, float(os.getpid()))
    allocated.append(bytearray(os.urandom(1) * int(float(request.params["megabytes"] or 0) * 1e6)))
    time.sleep(float(request.params.get("seconds") or 0.0))
    return Outcome(float(os.getpid()))


allocated: list[bytearray] = []


def prints_environment(request: TrialRequest, slot: Slot) -> Trial:
    print("CUDA", repr(os.environ["CUDA_VISIBLE_DEVICES"]), "MARK", os.environ.get("MARK"))  # noqa: T201
    loaded = float("torch" in sys.modules)
    yield Report(request.number, 1, 0.0)
    return Outcome(0.0, {"threads": float(os.environ["OMP_NUM_THREADS"]), "torch_is_loaded": loaded})


def leaves_files(request: TrialRequest, slot: Slot) -> Trial:
    """Leaves every kind of file; the agent has `size` bytes. Keeps the last of its own checkpoints."""
    paths = TrialPaths(request.directory)
    print("it ran in another folder" if "hosts" in request.directory.parts else "it ran in the study's folder")  # noqa: T201
    own = paths.checkpoint_dir / "inner"
    own.mkdir(parents=True)
    for step in (1, 2):
        paths.checkpoint.write_text(str(step))
        (own / str(step)).write_text("own")
        (own / str(step - 1)).unlink(missing_ok=True)
        yield Report(request.number, step, float(step))
    paths.agent.write_bytes(os.urandom(int(request.params["size"] or 0)))
    paths.returns.touch()
    return Outcome(1.0)


def continues(request: TrialRequest, slot: Slot) -> Trial:
    """Continues from its checkpoint, or from the checkpoint that it inherits, up to step `steps`."""
    checkpoint = TrialPaths(request.directory).checkpoint
    started_from = checkpoint
    if request.inherited is not None and not checkpoint.exists():
        started_from = request.inherited.checkpoint
    step = int(started_from.read_text()) if started_from.exists() else 0
    while step < int(request.params["steps"] or 0):
        step += 1
        checkpoint.write_text(str(step))
        yield Report(request.number, step, float(step))
    return Outcome(float(step))
