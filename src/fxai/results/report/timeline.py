"""Report section: when the trials ran, how busy the slots were, and the resources of the trials."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

import plotly.graph_objects as go

from fxai.formatting import counted, span
from fxai.results.page.palette import OTHER, STATES
from fxai.results.record import TrialRecord
from fxai.results.report.blocks import Absent, Block, Chart, Facts, Section
from fxai.results.report.study_info import StudyInfo, state_text

_MOST_BARS = 500
_UNITS = ((2 * 86400.0, 86400.0, "days"), (7200.0, 3600.0, "hours"), (240.0, 60.0, "minutes"), (0.0, 1.0, "seconds"))


@dataclass(frozen=True, slots=True)
class SlotUse:
    """One trial in one slot. Times are seconds of the study's running time."""

    trial: TrialRecord
    slot: int
    begin: float
    end: float


def timeline(info: StudyInfo) -> Section:
    name, title = "timeline", "Time and resources"
    reading = (
        "Each row is a slot for one trial at a time, each bar a trial. A gap is a time without a trial in the slot. "
        "Pauses between runs are left out."
    )
    uses, pauses = in_slots([trial for trial in info.own if trial.started is not None])
    if not uses:
        return Section(name, title, [Absent("No trial has started yet.")])
    shown = uses[-_MOST_BARS:]
    note = "" if len(shown) == len(uses) else f"The last {len(shown)} of {len(uses):,} trials."
    blocks: list[Block] = [Facts(_facts(info, uses, pauses)), Chart("timeline", _figure(shown, pauses), note=note)]
    return Section(name, title, blocks, reading)


def in_slots(trials: Sequence[TrialRecord]) -> tuple[Sequence[SlotUse], Sequence[float]]:
    """Assign each trial to the first free slot, and cut out pauses.

    A pause is a time without running trials that is longer than all trials together, such as a night between two
    runs.

    Returns:
        The trials in their slots, and the running times of the pauses in seconds.
    """
    if not trials:
        return [], []
    last = max(time for trial in trials for time in (trial.started, trial.ended) if time)
    runs = sorted(
        ((_begin(trial), trial.ended or last, trial) for trial in trials), key=lambda run: (run[0], run[2].number)
    )
    busy = sum((end - begin for begin, end, _ in runs), timedelta())
    origin, reached = runs[0][0], runs[0][0]
    uses: list[SlotUse] = []
    pauses: list[float] = []
    free: list[int] = []
    running: list[tuple[datetime, int]] = []
    for begin, end, trial in runs:
        if begin - reached > busy:
            origin += begin - reached
            pauses.append((begin - origin).total_seconds())
        reached = max(reached, end)
        while running and running[0][0] <= begin:
            heapq.heappush(free, heapq.heappop(running)[1])
        slot = heapq.heappop(free) if free else len(running)
        heapq.heappush(running, (end, slot))
        uses.append(SlotUse(trial, slot, (begin - origin).total_seconds(), (end - origin).total_seconds()))
    return uses, pauses


def _begin(trial: TrialRecord) -> datetime:
    if trial.started is None:
        raise ValueError(f"trial {trial.number} has not started")
    return trial.started


def _figure(uses: Sequence[SlotUse], pauses: Sequence[float]) -> go.Figure:
    first, last = min(use.begin for use in uses), max(use.end for use in uses)
    unit, word = next((length, word) for least, length, word in _UNITS if last - first >= least)
    figure = go.Figure()
    for state, colour in STATES.items():
        of_state = [use for use in uses if use.trial.state.name == state]
        if of_state:
            figure.add_trace(_bars(of_state, state_text(state), colour, unit))
    for pause in pauses:
        if pause > first:
            figure.add_vline(x=pause / unit, line={"color": OTHER, "width": 1, "dash": "dot"})
    slots = max(use.slot for use in uses) + 1
    figure.update_xaxes(title=f"running time, {word}", range=[first / unit, last / unit], zeroline=False)
    figure.update_yaxes(autorange="reversed", showticklabels=False, showgrid=False, zeroline=False, title="slots")
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom"}
    return figure.update_layout(
        height=min(560, max(150, 18 * slots + 110)), barmode="overlay", bargap=0.2, legend=legend
    )


def _bars(uses: Sequence[SlotUse], name: str, colour: str, unit: float) -> go.Bar:
    return go.Bar(
        x=[(use.end - use.begin) / unit for use in uses],
        base=[use.begin / unit for use in uses],
        y=[use.slot for use in uses],
        text=[f"trial {use.trial.number}, {name}<br>{span(use.end - use.begin)}" for use in uses],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
        orientation="h",
        name=f"{name} ({len(uses)})",
        marker={"color": colour, "line": {"width": 0}},
    )


def _facts(info: StudyInfo, uses: Sequence[SlotUse], pauses: Sequence[float]) -> Sequence[tuple[str, str]]:
    """Time, training steps and memory."""
    whole = max(use.end for use in uses)
    busy = sum(use.end - use.begin for use in uses)
    slots = max(use.slot for use in uses) + 1
    facts = [("Running time", span(whole) + (f", in {counted(len(pauses) + 1, 'run')}" if pauses else ""))]
    if whole > 0:
        at_once = busy / whole
        facts.append(
            ("Trials at once", f"{at_once:.1f} on average, {slots} at most ({at_once / slots:.0%} of the slots)")
        )
    facts.append(("Total time of trials", f"{span(busy)}: {_by_state(uses, busy)}"))
    usages = [trial.usage for trial in info.own]
    if steps := sum(usage.env_steps for usage in usages):
        facts.append(
            (
                "Training steps",
                f"{steps:,} of the environment, {steps / whole:,.0f} per second" if whole else f"{steps:,}",
            )
        )
    speeds = [usage.steps_per_second for usage in usages if usage.steps_per_second]
    if speeds:
        facts.append(("Steps per second of a trial", f"{median(speeds):,.0f} (median)"))
    for title, amounts in (
        ("Memory of a worker", [usage.peak_memory_mb for usage in usages if usage.peak_memory_mb]),
        ("GPU memory of a worker", [usage.peak_gpu_memory_mb for usage in usages if usage.peak_gpu_memory_mb]),
    ):
        if amounts:
            facts.append((title, f"{max(amounts):,.0f} MB at most"))
    retried = sum(trial.attempt > 0 for trial in info.own)
    if retried:
        facts.append(("Retried", f"{counted(retried, 'trial')} after the loss of a worker"))
    return facts


def _by_state(uses: Sequence[SlotUse], busy: float) -> str:
    parts = []
    for state in STATES:
        seconds = sum(use.end - use.begin for use in uses if use.trial.state.name == state)
        if seconds:
            parts.append(f"{seconds / busy:.0%} {state_text(state)}")
    return ", ".join(parts)
