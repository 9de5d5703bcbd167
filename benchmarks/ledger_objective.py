"""The FX objective with a ledger that the tool knows nothing of: what each trial reported, as it did.

Named in a spec as `objective: ledger_objective:run_trial`, with this folder on `PYTHONPATH` and
`FXAI_LEDGER` naming the file. A line is one `write` to a file opened for appending, so lines of several
workers, killed or not, never mix.
"""

import json
import os
from collections.abc import Generator

from fxai.objectives import fx_trading
from fxai.trial import Outcome, Report, Slot, TrialRequest


def run_trial(request: TrialRequest, slot: Slot) -> Generator[Report, None, Outcome]:
    """Train as `fx_trading` does, and write down every report and the outcome."""
    training = fx_trading.run_trial(request, slot)
    while True:
        try:
            report = next(training)
        except StopIteration as end:
            outcome: Outcome = end.value
            _write(request, "outcome", outcome.value)
            return outcome
        _write(request, report.step, report.value)
        yield report


def _write(request: TrialRequest, step: int | str, value: float) -> None:
    line = json.dumps({"trial": request.number, "attempt": request.attempt, "step": step, "value": value})
    ledger = os.open(os.environ["FXAI_LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(ledger, line.encode() + b"\n")
        os.fsync(ledger)
    finally:
        os.close(ledger)
