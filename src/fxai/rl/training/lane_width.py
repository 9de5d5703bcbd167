"""How many lanes pay: measured on the device at hand, and remembered.

On a CPU a wider pack is faster per lane until its products fill the core and its tensors leave the cache;
where that is depends on the shapes and the machine, so it is measured, once for each. On a GPU a pack
grows as long as that pays and its memory lasts.
"""

import hashlib
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import torch

import fxai
from fxai.atomic_write import write_text
from fxai.errors import FxaiError
from fxai.protocol import Slot
from fxai.rl.training.training import Training
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig

_WIDTHS_ON_CPU = (1, 2, 4, 8, 16, 32)
_WIDTHS_ON_GPU = (1, 4, 16, 64, 256, 512, 1024)
_GAIN = 1.05  # what is not so many times as fast per lane does not count as faster
_DISTURBED = 2
_PROBED_EPOCHS = 2
_PROBED_GRADIENT_STEPS = 16


def measured_width(packed: Callable[[int], Training], signature: str, slot: Slot) -> int:
    """The smallest width that is as fast per lane as any other, to a twentieth.

    `packed` makes a training of so many lanes of the `signature`. The answer is kept in the user's
    cache, so that the next worker of this kind need not measure.
    """
    file = _cache() / f"{_key(signature, slot)}.json"
    try:
        return int(json.loads(file.read_text())["lanes"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    lanes = _width_that_pays(packed, slot)
    if slot.device != "cpu":
        torch.cuda.empty_cache()  # for the other workers of this device
    try:
        write_text(file, json.dumps({"lanes": lanes, "device": _device(slot), "torch": torch.__version__}))
    except FxaiError:
        return lanes  # then the next worker measures again
    return lanes


def probe_config(config: TrainingConfig) -> TrainingConfig:
    """A configuration of the same shapes whose update is short."""
    match config.training:
        case PpoConfig():
            short = {"n_epochs": min(config.training.n_epochs, _PROBED_EPOCHS), "target_kl": None}
        case DqnConfig():
            short = {"gradient_steps": min(config.training.gradient_steps, _PROBED_GRADIENT_STEPS)}
            short["learning_starts"] = 0
        case _:
            return config
    return config.model_copy(update={"training": config.training.model_copy(update=short)})


def _width_that_pays(packed: Callable[[int], Training], slot: Slot) -> int:
    speeds: dict[int, float] = {}
    for lanes in _WIDTHS_ON_CPU if slot.device == "cpu" else _WIDTHS_ON_GPU:
        if _levelled_off(list(speeds.values())):
            break
        try:
            training = packed(lanes)
            seconds = _seconds(training, slot)
            if slot.device != "cpu":
                _take_the_most_memory(training)
            speeds[lanes] = lanes / seconds
        except torch.OutOfMemoryError:
            break
    fast = max(speeds.values(), default=0.0) / _GAIN
    return min((lanes for lanes, speed in speeds.items() if speed >= fast), default=1)


def _take_the_most_memory(training: Training) -> None:
    """Raises torch's OutOfMemoryError where a change of lanes, or a score, would not fit besides the update."""
    training.restore(training.state())
    training.evaluate(range(len(training.updates)))


def _levelled_off(speeds: list[float]) -> bool:
    """Whether two widths in a row were no faster: one alone may have been disturbed."""
    return len(speeds) > _DISTURBED and max(speeds[-_DISTURBED:]) < _GAIN * max(speeds[:-_DISTURBED])


def _seconds(training: Training, slot: Slot) -> float:
    """Of an update, the better of two after a first one."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        training.update()
        if slot.device != "cpu":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - began)
    return min(times[1:])


def _key(signature: str, slot: Slot) -> str:
    parts = [signature, _device(slot), slot.threads, torch.__version__, fxai.__version__]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _device(slot: Slot) -> str:
    if slot.device != "cpu":
        return torch.cuda.get_device_name(slot.device)
    return f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()} {os.cpu_count()}"


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fxai" / "lanes"
