"""Measures the number of lanes of a pack that is fastest per lane on the device, and caches the result.

On a CPU a wider pack is faster per lane until its matrix products use the whole core and its tensors exceed the cache.
The best width depends on shapes and machine, so it is measured once for each. On a GPU the width grows as long as speed
per lane grows and memory is sufficient.
"""

import hashlib
import json
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import fxai
from fxai.atomic_write import write_text
from fxai.errors import FxaiError
from fxai.protocol import Slot
from fxai.rl.training.probed_device import ProbedCpu, ProbedDevice
from fxai.rl.training.training import Training
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.user_folders import cache_directory

_MIN_SPEEDUP = 1.05  # a width counts as faster if its speed per lane is higher by this factor
_SLOWER_WIDTHS = 2
_PROBED_EPOCHS = 2
_PROBED_GRADIENT_STEPS = 16


def measured_width(make_training: Callable[[int], Training], signature: str, slot: Slot) -> int:
    """The smallest width whose speed per lane is within 5 % of the fastest.

    The result is stored in the user's cache folder for later workers.

    Args:
        make_training: Builds a training of a given number of lanes.
        signature: Signature of the lanes.
        slot: Device and threads.
    """
    device = probed_device(slot)
    file = _cache() / f"{_key(signature, device, slot.threads)}.json"
    try:
        return int(json.loads(file.read_text())["lanes"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    lanes = _fastest_width(make_training, device)
    device.free_memory()
    try:
        write_text(file, json.dumps({"lanes": lanes, "device": device.name, "torch": version("torch")}))
    except FxaiError:
        return lanes  # without a cache file the next worker measures again
    return lanes


def probe_config(config: TrainingConfig) -> TrainingConfig:
    """A configuration of the same shapes with a shorter update."""
    match config.training:
        case PpoConfig():
            short = {"n_epochs": min(config.training.n_epochs, _PROBED_EPOCHS), "target_kl": None}
        case DqnConfig():
            short = {"gradient_steps": min(config.training.gradient_steps, _PROBED_GRADIENT_STEPS)}
            short["learning_starts"] = 0
        case _:
            return config
    return config.model_copy(update={"training": config.training.model_copy(update=short)})


def _fastest_width(make_training: Callable[[int], Training], device: ProbedDevice) -> int:
    speeds: dict[int, float] = {}
    for lanes in device.widths:
        if _no_longer_faster(list(speeds.values())):
            break
        try:
            training = make_training(lanes)
            seconds = _seconds_per_update(training, device)
            if device.out_of_memory:
                _probe_peak_memory(training)
            speeds[lanes] = lanes / seconds
        except device.out_of_memory:
            break
    fast = max(speeds.values(), default=0.0) / _MIN_SPEEDUP
    return min((lanes for lanes, speed in speeds.items() if speed >= fast), default=1)


def _probe_peak_memory(training: Training) -> None:
    """Run the steps with the highest memory use besides the update: a change of lanes and an evaluation.

    Raises:
        Exception: One of `ProbedDevice.out_of_memory`, if memory is not sufficient.
    """
    training.restore(training.state())
    training.evaluate(range(len(training.updates)))


def _no_longer_faster(speeds: list[float]) -> bool:
    """Whether the last two widths were no faster than earlier ones; one alone may be a disturbed measurement."""
    return len(speeds) > _SLOWER_WIDTHS and max(speeds[-_SLOWER_WIDTHS:]) < _MIN_SPEEDUP * max(speeds[:-_SLOWER_WIDTHS])


def _seconds_per_update(training: Training, device: ProbedDevice) -> float:
    """Seconds of an update: the minimum of two, after one update that is not measured."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        training.update()
        device.synchronize()
        times.append(time.perf_counter() - began)
    return min(times[1:])


def _key(signature: str, device: ProbedDevice, threads: int) -> str:
    parts = [signature, device.name, threads, version("torch"), fxai.__version__]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def probed_device(slot: Slot) -> ProbedDevice:
    if slot.device == "cpu":
        return ProbedCpu()
    from fxai.rl.training.probed_gpu import ProbedGpu  # noqa: PLC0415 - torch

    return ProbedGpu(slot.device)


def _cache() -> Path:
    return cache_directory() / "lanes"
