"""An update captured as one CUDA graph: a device then runs thousands of small kernels without the host between them.

What is captured is `restore(static state)`, `update`, and the copy of the state that this left into the
static one. So an algorithm or an environment needs to know nothing of graphs: `Learner` asks already that
an update brings nothing to the host and that `state` is all that changes. State that an update changes in
place stays where it is and is not copied. What is constant for the lanes of a pack, and what the program
decides by it (whether some lane watches its KL, which reward terms are paid), is part of the capture: a
pack whose lanes change makes a new learner, and that captures anew.

A capture takes about as long as an update without one, so it pays where a pack stays the same for many
updates. Another learner is as good, hence the choice lies with whoever builds the training.
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

Step = Callable[[], Tensor]


class Capture(Protocol):
    """Turns a step into one that can be repeated: the same operations on the same tensors."""

    def rehearse(self, step: Step) -> Tensor:
        """Take the step as it will be captured, so that libraries set up what they need."""
        ...

    def record(self, step: Step) -> Step:
        """The step's repetition, which returns the same tensor each time. Recording changes no tensor's value."""
        ...


class CudaCapture:
    """Capture by `torch.cuda.graph`, with the rehearsals on the stream that captures, as torch asks."""

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device)

    def rehearse(self, step: Step) -> Tensor:
        here = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream):
            result = step()
        here.wait_stream(self._stream)
        return result

    def record(self, step: Step) -> Step:
        graph = torch.cuda.CUDAGraph()
        with _no_garbage_collected(), torch.cuda.graph(graph, stream=self._stream):
            result = step()

        def replay() -> Tensor:
            graph.replay()
            return result

        return replay


@contextmanager
def _no_garbage_collected() -> Iterator[None]:
    """CUDA breaks off a capture in whose midst another graph is freed, such as that of a pack which failed."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class CudaGraphLearner:
    """A learner that takes a few updates as they are, and those after them by a capture; see `Learner`."""

    def __init__(self, learner: Learner, capture: Capture, *, after: int) -> None:
        """`after` updates, at least 1, come before the capture: a pack may change again soon."""
        if after < 1:
            raise ValueError("an update is captured after at least one that is not")
        self._learner, self._capture, self._before = learner, capture, after
        self.weights = learner.weights
        self._static: dict[str, Tensor] = {}  # state that an update replaces, where the capture reads and leaves it
        self._inputs: tuple[Tensor, Tensor] | None = None
        self._replay: Step | None = None

    @property
    def policy(self) -> Policy:
        return self._learner.policy

    @property
    def statistics(self) -> tuple[str, ...]:
        return self._learner.statistics

    def update(self, clock: Tensor, rate: Tensor) -> Tensor:
        if self._before > 0:
            self._before -= 1
            return self._capture.rehearse(lambda: self._learner.update(clock, rate))
        if self._inputs is None or self._replay is None:
            self._inputs = clock.clone(), rate.clone()
            self._replay = self._recorded(*self._inputs)
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

    def _recorded(self, clock: Tensor, rate: Tensor) -> Step:
        in_place = self._kept_in_place()
        self._static = {n: t.clone() for n, t in self._learner.state().items() if n not in in_place}

        def step() -> Tensor:
            self._learner.restore(self.state())  # what is kept in place is copied onto itself: nothing to do
            statistics = self._learner.update(clock, rate)
            left = self._learner.state()
            if any(left[name] is not tensor for name, tensor in in_place.items()):
                raise FxaiError("an update has to change in place what `restore` does not replace")
            for name, static in self._static.items():
                static.copy_(left[name])
            return statistics

        return self._capture.record(step)

    def _kept_in_place(self) -> dict[str, Tensor]:
        """The state that `restore` copies into, rather than taking what it is given."""
        given = self._learner.state()
        probe = {name: tensor.clone() for name, tensor in given.items()}
        self._learner.restore(probe)
        return {name: tensor for name, tensor in self._learner.state().items() if tensor is given[name]}
