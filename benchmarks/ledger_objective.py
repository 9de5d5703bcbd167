"""The objective `fx_trading` with a ledger that FxAI does not write: the reports of each trial.

Used in a spec as `objective: ledger_objective:LEDGER`, with this folder on `PYTHONPATH` and the path of the file in
`FXAI_LEDGER`. Trials are trained in the lanes of `fx_trading`, many in a worker.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from chaos_run import Entry, append
from fxai.objectives import fx_trading
from fxai.protocol import (
    Decision,
    JsonObject,
    LaneObjective,
    LanePlan,
    Lanes,
    Report,
    Slot,
    TrialRequest,
    TrialResult,
    TrialState,
)


class LedgerLanes:
    """The lanes of `fx_trading`; every report and result is on disk before the worker sends it."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._attempts: dict[int, int] = {}

    @property
    def width(self) -> int:
        return self._lanes.width

    @property
    def busy(self) -> bool:
        return self._lanes.busy

    def admit(self, request: TrialRequest) -> None:
        self._attempts[request.number] = request.attempt
        self._lanes.admit(request)

    def decide(self, number: int, decision: Decision) -> None:
        self._lanes.decide(number, decision)

    def advance(self) -> Sequence[Report | TrialResult]:
        came = self._lanes.advance()
        for each in came:
            if isinstance(each, Report):
                self._write(each.number, each.step, each.value)
            else:
                self._write(each.number, each.state, each.value)
        return came

    def _write(self, number: int, step: int | TrialState, value: float | None) -> None:
        append(Path(os.environ["FXAI_LEDGER"]), Entry(number, self._attempts[number], os.getpid(), step, value))


class LedgerObjective:
    """Train as `fx_trading` does, and write down every report and result."""

    def signature(self, config: JsonObject) -> str:
        return fx_trading.signature(config)

    def open_lanes(self, plan: LanePlan, slot: Slot) -> Lanes:
        return LedgerLanes(fx_trading.open_lanes(plan, slot))


LEDGER: LaneObjective = LedgerObjective()
