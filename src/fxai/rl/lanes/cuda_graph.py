"""Captures an update as one CUDA graph, so that the GPU runs thousands of small kernels without the host.

The captured operations are `restore(static state)`, `update`, and a copy of the new state into the static state.
Algorithms and environments need no code for graphs: `Learner` already requires that an update copies nothing to the
host and that `state` is everything that changes. State that an update changes in place is not copied. Constants of the
lanes, and Python branches that depend on them (target KL, reward terms), are part of the capture, so a pack with other
lanes needs a new learner and a new capture.

A capture takes about as long as an update without a graph, so it is useful for packs that do not change for many
updates. The caller that builds the training decides whether to use it.
"""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor

from fxai.errors import FxaiError
from fxai.rl.lanes.learner import Learner
from fxai.rl.lanes.policy import Policy

UpdateStep = Callable[[], Tensor]


class Capture(Protocol):
    """Captures a step so that it can be repeated: the same operations on the same tensors."""

    def warm_up(self, step: UpdateStep) -> Tensor:
        """Run the step as it will be captured, so that libraries allocate what they need."""
        ...

    def capture(self, step: UpdateStep) -> UpdateStep:
        """A function that repeats the step and returns the same tensor each time.

        Capturing does not change the value of any tensor.
        """
        ...


class CudaCapture:
    """Capture by `torch.cuda.graph`; the warm-up runs on the capturing stream, as torch requires."""

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device)

    def warm_up(self, step: UpdateStep) -> Tensor:
        here = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream):
            result = step()
        here.wait_stream(self._stream)
        return result

    def capture(self, step: UpdateStep) -> UpdateStep:
        graph = torch.cuda.CUDAGraph()
        with _without_garbage_collection(), torch.cuda.graph(graph, stream=self._stream):
            result = step()

        def replay() -> Tensor:
            graph.replay()
            return result

        return replay


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Prevent garbage collection: CUDA aborts a capture if another graph is freed meanwhile."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class CudaGraphLearner:
    """A learner that runs some updates directly and all later updates by a captured graph; see `Learner`."""

    def __init__(self, learner: Learner, capture: Capture, *, after: int) -> None:
        """Wrap a learner; the first `after` updates (at least 1) run without a graph, since a pack may change soon."""
        if after < 1:
            raise ValueError("at least one update must run before the capture")
        self._learner, self._capture, self._before = learner, capture, after
        self.weights = learner.weights
        self._static: dict[
            str, Tensor
        ] = {}  # state that is not updated in place: tensors that the graph reads and writes
        self._inputs: tuple[Tensor, Tensor] | None = None
        self._replay: UpdateStep | None = None

    @property
    def policy(self) -> Policy:
        return self._learner.policy

    @property
    def statistics(self) -> tuple[str, ...]:
        return self._learner.statistics

    def update(self, clock: Tensor, rate: Tensor) -> Tensor:
        if self._before > 0:
            self._before -= 1
            return self._capture.warm_up(lambda: self._learner.update(clock, rate))
        if self._inputs is None or self._replay is None:
            self._inputs = clock.clone(), rate.clone()
            self._replay = self._captured_update(*self._inputs)
        for static, now in zip(self._inputs, (clock, rate), strict=True):
            static.copy_(now)
        return self._replay().clone()

    def state(self) -> dict[str, Tensor]:
        return {**self._learner.state(), **self._static}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        if self._replay is None:
            self._learner.restore(state)
            return
        for name, tensor in self.state().items():
            tensor.copy_(state[name])

    def _captured_update(self, clock: Tensor, rate: Tensor) -> UpdateStep:
        in_place = self._in_place_state()
        self._static = {n: t.clone() for n, t in self._learner.state().items() if n not in in_place}

        def step() -> Tensor:
            self._learner.restore(self.state())  # state that is updated in place is copied onto itself
            statistics = self._learner.update(clock, rate)
            after = self._learner.state()
            if any(after[name] is not tensor for name, tensor in in_place.items()):
                raise FxaiError("an update must change in place the state that `restore` changes in place")
            for name, static in self._static.items():
                static.copy_(after[name])
            return statistics

        return self._capture.capture(step)

    def _in_place_state(self) -> dict[str, Tensor]:
        """The state tensors that `restore` copies into instead of replacing them."""
        given = self._learner.state()
        probe = {name: tensor.clone() for name, tensor in given.items()}
        self._learner.restore(probe)
        return {name: tensor for name, tensor in self._learner.state().items() if tensor is given[name]}
