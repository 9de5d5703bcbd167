"""The objective `fx_trading`: trains trading agents and scores them on the validation split.

Its trials are lanes. This module does not import torch, so that the parent process can compute signatures;
`trading_lanes.py` trains.
"""

from collections.abc import Generator

from fxai.errors import FxaiError
from fxai.protocol import Decision, JsonObject, LanePlan, Lanes, Outcome, Report, Slot, TrialRequest, TrialState
from fxai.rl.lanes.pack import signature_of_json


def signature(config: JsonObject) -> str:
    """Hash of the fields in which the trials of a pack agree; see `LaneObjective`."""
    return signature_of_json(config)


def open_lanes(plan: LanePlan, slot: Slot) -> Lanes:
    """Lanes for a study on this slot; see `LaneObjective`."""
    from fxai.objectives.trading_lanes import TradingLanes  # noqa: PLC0415 - imports torch, which only workers need

    return TradingLanes(plan, slot)


def run_trial(request: TrialRequest, slot: Slot) -> Generator[Report, None, Outcome]:
    """Train one trial alone, for objectives that extend `fx_trading`; see `Objective`."""
    seeds = len(request.seeds)
    lanes = open_lanes(LanePlan(request.objective, request.base_config, seeds, lanes=seeds), slot)
    lanes.admit(request)
    while True:
        for message in lanes.advance():
            if isinstance(message, Report):
                yield message
                lanes.decide(message.number, Decision.CONTINUE)
            elif message.state is TrialState.COMPLETE and message.value is not None:
                return Outcome(message.value, message.metrics)
            else:
                raise FxaiError(message.error.message if message.error else str(message.state))
