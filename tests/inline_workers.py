"""Studies and trainings in this process, for tests in which the process of a worker is not the subject."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from fxai.pool import EarlyWorkers, InlinePool, Limits, SlotPlan
from fxai.protocol import LanePlan, Slot


@contextmanager
def train_in_this_process() -> Iterator[None]:
    """Open inline pools instead of local ones, which take three seconds to start a process and import torch.

    For `fx_trading` only: modules of the user's own code would stay imported.
    """
    from fxai.objectives import cached_markets  # noqa: PLC0415 - imports torch, which most tests do without
    from fxai.study import early_start, study_workers, train_plan  # noqa: PLC0415 - the same

    def opened(
        slots: Sequence[Slot],
        logs: Path,
        plan: LanePlan | None = None,
        limits: Limits | None = None,
        early: EarlyWorkers | None = None,
    ) -> InlinePool:
        cached_markets.forget_markets()  # files of the same name in other folders have other bars
        return InlinePool(slots, plan)

    def without_workers(plan: SlotPlan, slots: Sequence[Slot], objective: str) -> EarlyWorkers:
        return EarlyWorkers(plan, (), objective)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(early_start, "EarlyWorkers", without_workers)
        patch.setattr(study_workers, "LocalPool", opened)
        patch.setattr(train_plan, "LocalPool", opened)
        yield
