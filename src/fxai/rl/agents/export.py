"""Export of a policy to a file that runs without FxAI, with a comparison of actions before the file is written."""

import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from fxai.atomic_write import copy
from fxai.errors import FxaiError, InputError
from fxai.rl.agents.agent_header import Weights
from fxai.rl.environment.observation import Observation
from fxai.rl.lanes.policy import Policy

CHECKED_OBSERVATIONS = 256  # at most
_TOLERANCE = 1e-4  # share of the largest preference; covers another order of floating-point additions
_INPUT, _OUTPUTS = "observation", ("preferences", "action", "position")

PolicyFunction = Callable[[Tensor], tuple[Tensor, ...]]
"""Maps an observation [1, window, column] to preferences [1, action], an action [1] and, with `env.positions`, the
target position of the action [1]."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """How an exported model turns preferences into an action."""

    positions: tuple[float, ...] | None = None  # `env.positions`
    lowest_action: int = 0  # lower actions are replaced by it, because the agent may not be short


class ExportedPolicy(nn.Module):
    """Module to export; see `PolicyFunction`."""

    weights: Tensor
    positions: Tensor

    def __init__(self, policy: Policy, weights: Tensor, decisions: Decisions) -> None:
        super().__init__()
        self._policy, self._decisions = policy, decisions
        self.register_buffer("weights", weights)
        if decisions.positions is not None:
            self.register_buffer("positions", torch.tensor(decisions.positions, dtype=weights.dtype))

    def forward(self, observation: Tensor) -> tuple[Tensor, ...]:
        preferences = self._policy.preferences(self.weights, observation.unsqueeze(0))[0].T
        action = preferences.argmax(1).clamp(min=self._decisions.lowest_action)
        if self._decisions.positions is None:
            return preferences, action
        return preferences, action, self.positions[action]


def export_policy(
    policy: Policy, weights: Weights, observations: Observation, path: Path, decisions: Decisions
) -> None:
    """Write a policy to a file in the format of the file's suffix.

    Args:
        policy: The policy.
        weights: Its weights, [1, size].
        observations: [observation, window, column]; actions are compared on them.
        path: File with the suffix .pt2 or .onnx.
        decisions: The actions and positions of the agent.

    Raises:
        InputError: For an unknown suffix or missing ONNX packages.
        FxaiError: If the exported model chooses another action.
    """
    if path.suffix not in _FORMATS:
        raise InputError(f"{path} has an unknown suffix; use FILE.pt2 (torch.export) or FILE.onnx")
    write, load = _FORMATS[path.suffix]
    module = ExportedPolicy(policy, torch.from_numpy(weights.copy()), decisions).eval()
    seen = torch.from_numpy(observations)
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        draft = Path(folder) / path.name
        with _without_exporter_warnings():
            write(module, seen[:1], draft)
        _check_same_actions(module, load(draft), seen)
        copy(draft, path)


def _check_same_actions(module: PolicyFunction, exported: PolicyFunction, observations: Tensor) -> None:
    """Compare the actions. Different actions are accepted if their preferences are equal within the tolerance."""
    for place in np.unique(np.linspace(0, len(observations) - 1, CHECKED_OBSERVATIONS).round().astype(int)):
        observation = observations[place : place + 1]
        expected, action = module(observation)[:2]
        exported_preferences, exported_action = exported(observation)[:2]
        tolerance = _TOLERANCE * float(expected.abs().max())
        best, second = expected[0].topk(2).values.tolist()
        difference = float((expected - exported_preferences).abs().max())
        if not difference <= tolerance or (action.item() != exported_action.item() and best - second > 2 * tolerance):
            raise FxaiError(
                f"the exported model differs from the agent: preferences of one observation by {difference:.2g}. "
                "No file was written"
            )


def _write_pt2(module: nn.Module, observation: Tensor, path: Path) -> None:
    torch.export.save(torch.export.export(module, (observation,)), path)


def _load_pt2(path: Path) -> PolicyFunction:
    loaded: PolicyFunction = torch.export.load(path).module()
    return loaded


def _write_onnx(module: nn.Module, observation: Tensor, path: Path) -> None:
    _check_onnx()
    # Without optimization: the runtime optimizes when it loads the file; here it would take minutes for a GRU.
    program = torch.onnx.export(
        module,
        (observation,),
        input_names=[_INPUT],
        output_names=_OUTPUTS[: len(module(observation))],
        dynamo=True,
        optimize=False,
        verbose=False,
    )
    if program is None:
        raise FxaiError("torch.onnx returned no program")
    program.save(path)


def _load_onnx(path: Path) -> PolicyFunction:
    import onnxruntime  # noqa: PLC0415 - optional dependency

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def act(observation: Tensor) -> tuple[Tensor, ...]:
        return tuple(map(torch.from_numpy, session.run(None, {_INPUT: observation.numpy()})))

    return act


def _check_onnx() -> None:
    missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]
    if missing:
        raise InputError(
            f"ONNX export needs {', '.join(missing)}: run pip install 'fxai[onnx]', in a clone "
            "poetry install --extras onnx. Export to FILE.pt2 needs no further package"
        )


@contextmanager
def _without_exporter_warnings() -> Iterator[None]:
    """Suppress the exporters' warnings about optional libraries."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


_FORMATS: dict[str, tuple[Callable[[nn.Module, Tensor, Path], None], Callable[[Path], PolicyFunction]]] = {
    ".pt2": (_write_pt2, _load_pt2),
    ".onnx": (_write_onnx, _load_onnx),
}
