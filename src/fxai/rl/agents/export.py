"""A policy as a file that runs without FxAI, checked to act the same before it is left."""

import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from fxai.atomic_write import copy
from fxai.errors import FxaiError, InputError
from fxai.market.dataset import Market
from fxai.market.rules import Action
from fxai.market.splits import Span
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_tensors import on_device
from fxai.rl.environment.observation import Observation
from fxai.rl.lanes.policy import Policy, greedy
from fxai.spec.fields.env_config import EnvConfig

CHECKED = 256  # observations
_TOLERANCE = 1e-4  # of the largest preference: what another order of additions may change
_INPUT, _OUTPUTS = "observation", ("preferences", "action")

Acts = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From an observation [1, window, column] to preferences [1, action] and the action [1]."""


class ExportedPolicy(nn.Module):
    """What is exported: one observation in, the preferences and the action out."""

    weights: Tensor

    def __init__(self, policy: Policy, weights: Tensor, *, may_be_short: bool) -> None:
        super().__init__()
        self._policy, self._least = policy, int(Action.SHORT if may_be_short else Action.FLAT)
        self.register_buffer("weights", weights)

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        preferences = self._policy.preferences(self.weights, observation.unsqueeze(0))[0].T
        return preferences, preferences.argmax(1).clamp(min=self._least)


def export_policy(policy: Policy, weights: Tensor, observations: Tensor, path: Path, *, may_be_short: bool) -> None:
    """Write the policy as the file's suffix says; an FxaiError where it would act otherwise than here."""
    if path.suffix not in _WAYS:
        raise InputError(f"{path} names no format; write FILE.pt2 (torch.export) or FILE.onnx")
    write, load = _WAYS[path.suffix]
    module = ExportedPolicy(policy, weights, may_be_short=may_be_short).eval()
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        draft = Path(folder) / path.name
        with _quietly():
            write(module, observations[:1], draft)
        _check_acts_the_same(module, load(draft), observations)
        copy(draft, path)


def observations_met(policy: Policy, weights: Tensor, market: Market, span: Span, env: EnvConfig) -> Observation:
    """What the policy sees from the beginning of the span on, acting by itself: [observation, window, column]."""
    device = torch.device("cpu")
    starts = torch.tensor([[span.start]])
    met = MarketEnv(on_device(market, device), span, [env], torch.zeros(1, dtype=torch.int64), 1, starts=starts)
    seen = [met.reset()]
    with torch.no_grad():
        while len(seen) < min(CHECKED, len(span) - 1):
            seen.append(met.step(greedy(policy, weights, seen[-1])).observation)
    return torch.cat([each[0] for each in seen]).numpy()


def _check_acts_the_same(module: Acts, exported: Acts, observations: Tensor) -> None:
    """Equal actions, but where two are preferred alike within the tolerance."""
    for place in np.unique(np.linspace(0, len(observations) - 1, CHECKED).round().astype(int)):
        observation = observations[place : place + 1]
        (ours, action), (theirs, other) = module(observation), exported(observation)
        tolerance = _TOLERANCE * float(ours.abs().max())
        best, second = ours[0].topk(2).values.tolist()
        apart = float((ours - theirs).abs().max())
        if not apart <= tolerance or (action.item() != other.item() and best - second > 2 * tolerance):
            raise FxaiError(
                f"the exported model does not act the same: on an observation its preferences are {apart:.2g} apart "
                "from the agent's; nothing was written"
            )


def _write_pt2(module: nn.Module, observation: Tensor, path: Path) -> None:
    torch.export.save(torch.export.export(module, (observation,)), path)


def _load_pt2(path: Path) -> Acts:
    loaded: Acts = torch.export.load(path).module()
    return loaded


def _write_onnx(module: nn.Module, observation: Tensor, path: Path) -> None:
    _check_onnx()
    # unoptimised: what runs the file optimises it as it loads it, and for a GRU's window this would take minutes
    program = torch.onnx.export(
        module, (observation,), input_names=[_INPUT], output_names=_OUTPUTS, dynamo=True, optimize=False, verbose=False
    )
    if program is None:
        raise FxaiError("torch.onnx gave no program")
    program.save(path)


def _load_onnx(path: Path) -> Acts:
    import onnxruntime  # noqa: PLC0415 - an extra

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def act(observation: Tensor) -> tuple[Tensor, Tensor]:
        preferences, action = session.run(list(_OUTPUTS), {_INPUT: observation.numpy()})
        return torch.from_numpy(preferences), torch.from_numpy(action)

    return act


def _check_onnx() -> None:
    missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]
    if missing:
        raise InputError(
            f"ONNX needs {', '.join(missing)}: pip install 'fxai[onnx]', in a clone poetry install --extras onnx; "
            "FILE.pt2 needs nothing more"
        )


@contextmanager
def _quietly() -> Iterator[None]:
    """Without what the exporters say of libraries that are not there."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


_WAYS: dict[str, tuple[Callable[[nn.Module, Tensor, Path], None], Callable[[Path], Acts]]] = {
    ".pt2": (_write_pt2, _load_pt2),
    ".onnx": (_write_onnx, _load_onnx),
}
