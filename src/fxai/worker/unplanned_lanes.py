"""Lanes of a worker without a plan: each trial names its objective and is trained alone."""

from collections.abc import Sequence

from fxai.objectives.loader import load_lanes
from fxai.process_tree import ProcessTrees
from fxai.protocol import Decision, LanePlan, Lanes, Report, Slot, TrialRequest, TrialResult


def open_lanes(plan: LanePlan | None, slot: Slot, process_trees: ProcessTrees) -> Lanes:
    """The lanes of a worker. An exception of the import of the plan's objective is not caught."""
    if plan is None:
        return UnplannedLanes(slot, process_trees)
    return load_lanes(plan.objective, process_trees, plan.folder)(plan, slot)


class UnplannedLanes:
    """Trains one trial at a time, in one lane per seed. The lanes stay open for the next trial of the same plan."""

    def __init__(self, slot: Slot, process_trees: ProcessTrees) -> None:
        self._slot = slot
        self._process_trees = process_trees
        self._plan: LanePlan | None = None
        self._lanes: Lanes | None = None

    @property
    def width(self) -> int:
        return 1

    @property
    def busy(self) -> bool:
        return self._lanes is not None and self._lanes.busy

    def admit(self, request: TrialRequest) -> None:
        seeds = len(request.seeds)
        plan = LanePlan(request.objective, request.base_config, seeds, lanes=seeds, folder=request.folder)
        if self._lanes is None or plan != self._plan:
            self._lanes = None  # frees its memory before the next lanes open
            self._lanes, self._plan = open_lanes(plan, self._slot, self._process_trees), plan
        self._lanes.admit(request)

    def decide(self, number: int, decision: Decision) -> None:
        if self._lanes is not None:
            self._lanes.decide(number, decision)

    def advance(self) -> Sequence[Report | TrialResult]:
        return () if self._lanes is None else self._lanes.advance()
