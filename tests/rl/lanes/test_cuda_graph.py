"""A captured update against one that is not, to the bit, with a capture that needs no GPU."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from fxai.rl.algorithms import dqn, ppo
from fxai.rl.environment import torch_backend
from fxai.rl.lanes.cuda_graph import CudaGraphLearner, UpdateStep
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import learner_of
from rl.test_device import PACKS, TRANSFORMER, pack, training
from ways import use_torch_operations

CPU = torch.device("cpu")


class Recorder(TorchDispatchMode):
    """Keeps the operations of a step, as a CUDA graph does: later they read and write the same tensors again."""

    def __init__(self) -> None:
        super().__init__()
        self._done: list[tuple[Callable[..., object], tuple[object, ...], Mapping[str, object], object]] = []
        self._before: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}  # values of what is not made by the step
        self._made: set[int] = set()

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        _types: Sequence[type],
        args: tuple[object, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> Any:
        assert "_local_scalar_dense" not in str(func), "a value was brought to the host"
        for tensor in _tensors((args, kwargs)):
            if id(tensor) not in self._made:
                self._before.setdefault(id(tensor), (tensor, tensor.clone()))
        result = func(*args, **(kwargs or {}))
        self._made.update(id(tensor) for tensor in _tensors(result) if id(tensor) not in self._before)
        self._done.append((func, args, kwargs or {}, result))
        return result

    def undo(self) -> None:
        """A capture only notes what is to be done."""
        for tensor, value in self._before.values():
            tensor.copy_(value)

    def repeat(self) -> None:
        for func, args, kwargs, result in self._done:
            for old, new in zip(_tensors(result), _tensors(func(*args, **kwargs)), strict=True):
                if new.data_ptr() != old.data_ptr():
                    old.copy_(new)


class RecorderCapture:
    """A `Capture` on the CPU."""

    def __init__(self) -> None:
        self.records = 0

    def warm_up(self, step: UpdateStep) -> torch.Tensor:
        return step()

    def capture(self, step: UpdateStep) -> UpdateStep:
        self.records += 1
        with Recorder() as recorder:
            result = step()
        with torch.no_grad():
            recorder.undo()

        def replay() -> torch.Tensor:
            with torch.no_grad():
                recorder.repeat()
            return result

        return replay


def _tensors(tree: object) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, torch.Tensor)]


@pytest.fixture
def as_on_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """By torch's operations, with masks only: there looking costs more than doing."""
    use_torch_operations(monkeypatch)
    for module in (dqn, torch_backend, ppo):
        monkeypatch.setattr(module, "is_known_empty", lambda _mask: False)


def inputs(done: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.full((2,), done), torch.tensor([1e-3, 2e-3]) / (done + 1)


def assert_same(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> None:
    torch.testing.assert_close(dict(one), dict(other), rtol=0, atol=0, equal_nan=True)


def configs(kind: str, model: str) -> tuple[TrainingConfig, ...]:
    if model == "mlp":
        return PACKS[kind]
    rates = [each.model.dropout for each in PACKS[kind]]
    models = [TRANSFORMER.model_copy(update={"dropout": rate}) for rate in rates]
    return tuple(each.model_copy(update={"model": m}) for each, m in zip(PACKS[kind], models, strict=True))


@pytest.mark.usefixtures("as_on_a_device")
@pytest.mark.parametrize(
    ("kind", "model"),
    [*((kind, "mlp") for kind in PACKS), ("ppo", "transformer"), ("dqn, every option", "transformer")],
)
def test_a_captured_update_is_as_any_other(kind: str, model: str):
    plain = learner_of(training(pack(configs(kind, model)), CPU))
    capture = RecorderCapture()
    captured = CudaGraphLearner(learner_of(training(pack(configs(kind, model)), CPU)), capture, after=2)
    for done in range(6):
        assert_same({"": captured.update(*inputs(done))}, {"": plain.update(*inputs(done))})
        assert_same(captured.state(), plain.state())
        assert torch.equal(captured.weights, plain.weights)
    assert capture.records == 1


@pytest.mark.usefixtures("as_on_a_device")
@pytest.mark.parametrize("kind", ["ppo", "dqn, every option"])
@pytest.mark.parametrize("into", [1, 4], ids=["before the capture", "after it"])
def test_a_captured_training_goes_back_to_a_state(kind: str, into: int):
    plain = learner_of(training(pack(PACKS[kind]), CPU))
    for done in range(3):
        plain.update(*inputs(done))
    kept = {name: tensor.clone() for name, tensor in plain.state().items()}
    captured = CudaGraphLearner(learner_of(training(pack(PACKS[kind]), CPU)), RecorderCapture(), after=2)
    for done in range(into):
        captured.update(*inputs(done))
    captured.restore({name: tensor.clone() for name, tensor in kept.items()})
    for done in range(3, 6):
        assert_same({"": captured.update(*inputs(done))}, {"": plain.update(*inputs(done))})
    assert_same(captured.state(), plain.state())


def test_at_least_one_update_comes_before_a_capture():
    with pytest.raises(ValueError, match="at least one"):
        CudaGraphLearner(learner_of(training(pack(PACKS["ppo"]), CPU)), RecorderCapture(), after=0)
