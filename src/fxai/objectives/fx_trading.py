"""The objective `fx_trading`: train trading agents, score them on the validation split.

Its trials are lanes. This file loads no torch, so that the process which owns a study may ask it what
trials can share a pack; `trading_lanes.py` does the work.
"""

from collections.abc import Generator

from fxai.errors import FxaiError
from fxai.protocol import Decision, JsonObject, LanePlan, Lanes, Outcome, Report, Slot, TrialRequest, TrialState
from fxai.rl.lanes.pack import signature_of_json


def signature(config: JsonObject) -> str:
    """What trials must agree in to share a pack; see `LaneObjective`. `config` is complete and valid."""
    return signature_of_json(config)


def open_lanes(plan: LanePlan, slot: Slot) -> Lanes:
    """Lanes for a study on this slot; see `LaneObjective`."""
    from fxai.objectives.trading_lanes import TradingLanes  # noqa: PLC0415 - torch, which only workers need

    return TradingLanes(plan, slot)


def run_trial(request: TrialRequest, slot: Slot) -> Generator[Report, None, Outcome]:
    """One trial by itself, for objectives that add something of their own around it; see `Objective`."""
    seeds = len(request.seeds)
    lanes = open_lanes(LanePlan(request.objective, request.base_config, seeds, lanes=seeds), slot)
    lanes.admit(request)
    while True:
        for came in lanes.advance():
            if isinstance(came, Report):
                yield came
                lanes.decide(came.number, Decision.CONTINUE)
            elif came.state is TrialState.COMPLETE and came.value is not None:
                return Outcome(came.value, came.metrics)
            else:
                raise FxaiError(came.error.message if came.error else str(came.state))
