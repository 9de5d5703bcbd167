"""Workers of a study that start before the study is open, so that they import while the parent imports and reads."""

import atexit
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from fxai.pool.slots import SlotPlan
from fxai.pool.started_worker import StartedWorker
from fxai.protocol import Slot


class EarlyWorkers:
    """Started workers that wait for their welcome. `LocalPool` takes them; the others end with `close`."""

    def __init__(self, plan: SlotPlan, slots: Sequence[Slot], objective: str) -> None:
        """Start a worker for each slot, as far as the operating system can.

        Args:
            plan: the slots of the machine.
            slots: the slots of `plan` that get a worker.
            objective: of the workers' trials.
        """
        self.plan = plan
        self._workers: dict[int, StartedWorker] = {}
        atexit.register(self.close)
        for slot in slots:
            try:
                self._workers[slot.index] = StartedWorker(slot, objective)
            except OSError:  # the pool tries again, and says what is wrong
                break

    def take(self, slot: Slot) -> StartedWorker | None:
        """Remove and return the worker that was started for this slot. None if there is none."""
        worker = self._workers.get(slot.index)
        return self._workers.pop(slot.index) if worker is not None and worker.slot == slot else None

    def close(self) -> None:
        """End the workers that nothing has taken, and wait for their ends. A second call does nothing."""
        atexit.unregister(self.close)
        workers, self._workers = self._workers, {}
        for worker in workers.values():
            worker.end()
        for worker in workers.values():
            worker.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
