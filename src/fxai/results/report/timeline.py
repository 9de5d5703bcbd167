"""When trials ran, how much of what could run did, and what it took of the machine."""

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
from fxai.results.report.study_info import StudyInfo, called

_MOST_BARS = 500
_UNITS = ((2 * 86400.0, 86400.0, "days"), (7200.0, 3600.0, "hours"), (240.0, 60.0, "minutes"), (0.0, 1.0, "seconds"))


@dataclass(frozen=True, slots=True)
class Stay:
    """A trial at a place, in seconds of the time in which any trial ran."""

    trial: TrialRecord
    place: int
    begin: float
    end: float


def timeline(info: StudyInfo) -> Section:
    name, title = "timeline", "Time and resources"
    reading = (
        "Each row is a place where a trial could train, each bar a trial; gaps are times when the place was empty. "
        "Pauses between runs are left out."
    )
    stays, pauses = placed([trial for trial in info.own if trial.started is not None])
    if not stays:
        return Section(name, title, [Absent("No trial has started yet.")])
    shown = stays[-_MOST_BARS:]
    note = "" if len(shown) == len(stays) else f"The last {len(shown)} of {len(stays):,} trials."
    blocks: list[Block] = [Facts(_facts(info, stays, pauses)), Chart("timeline", _figure(shown, pauses), note=note)]
    return Section(name, title, blocks, reading)


def placed(trials: Sequence[TrialRecord]) -> tuple[Sequence[Stay], Sequence[float]]:
    """Each trial at the first place that is free when it starts, and where pauses were cut out.

    A pause is a time when none ran that is longer than all trials together, as the night between two runs.
    """
    if not trials:
        return [], []
    last = max(time for trial in trials for time in (trial.started, trial.ended) if time)
    runs = sorted(
        ((_begin(trial), trial.ended or last, trial) for trial in trials), key=lambda run: (run[0], run[2].number)
    )
    busy = sum((end - begin for begin, end, _ in runs), timedelta())
    origin, reached = runs[0][0], runs[0][0]
    stays: list[Stay] = []
    pauses: list[float] = []
    free: list[int] = []
    taken: list[tuple[datetime, int]] = []
    for begin, end, trial in runs:
        if begin - reached > busy:
            origin += begin - reached
            pauses.append((begin - origin).total_seconds())
        reached = max(reached, end)
        while taken and taken[0][0] <= begin:
            heapq.heappush(free, heapq.heappop(taken)[1])
        place = heapq.heappop(free) if free else len(taken)
        heapq.heappush(taken, (end, place))
        stays.append(Stay(trial, place, (begin - origin).total_seconds(), (end - origin).total_seconds()))
    return stays, pauses


def _begin(trial: TrialRecord) -> datetime:
    if trial.started is None:
        raise ValueError(f"trial {trial.number} has not started")
    return trial.started


def _figure(stays: Sequence[Stay], pauses: Sequence[float]) -> go.Figure:
    first, last = min(stay.begin for stay in stays), max(stay.end for stay in stays)
    unit, word = next((length, word) for least, length, word in _UNITS if last - first >= least)
    figure = go.Figure()
    for state, colour in STATES.items():
        of_state = [stay for stay in stays if stay.trial.state.name == state]
        if of_state:
            figure.add_trace(_bars(of_state, called(state), colour, unit))
    for pause in pauses:
        if pause > first:
            figure.add_vline(x=pause / unit, line={"color": OTHER, "width": 1, "dash": "dot"})
    places = max(stay.place for stay in stays) + 1
    figure.update_xaxes(title=f"{word} of running", range=[first / unit, last / unit], zeroline=False)
    figure.update_yaxes(autorange="reversed", showticklabels=False, showgrid=False, zeroline=False, title="places")
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom"}
    return figure.update_layout(
        height=min(560, max(150, 18 * places + 110)), barmode="overlay", bargap=0.2, legend=legend
    )


def _bars(stays: Sequence[Stay], name: str, colour: str, unit: float) -> go.Bar:
    return go.Bar(
        x=[(stay.end - stay.begin) / unit for stay in stays],
        base=[stay.begin / unit for stay in stays],
        y=[stay.place for stay in stays],
        text=[f"trial {stay.trial.number}, {name}<br>{span(stay.end - stay.begin)}" for stay in stays],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
        orientation="h",
        name=f"{name} ({len(stays)})",
        marker={"color": colour, "line": {"width": 0}},
    )


def _facts(info: StudyInfo, stays: Sequence[Stay], pauses: Sequence[float]) -> Sequence[tuple[str, str]]:
    """What was measured of time, training steps and memory."""
    whole = max(stay.end for stay in stays)
    taken = sum(stay.end - stay.begin for stay in stays)
    places = max(stay.place for stay in stays) + 1
    facts = [("Running time", span(whole) + (f", in {counted(len(pauses) + 1, 'run')}" if pauses else ""))]
    if whole > 0:
        at_once = taken / whole
        facts.append(
            ("Trials at once", f"{at_once:.1f} on average, {places} at most ({at_once / places:.0%} of the places)")
        )
    facts.append(("Time of trials", f"{span(taken)} together: {_by_state(stays, taken)}"))
    usages = [trial.usage for trial in info.own]
    if steps := sum(usage.env_steps for usage in usages):
        facts.append(
            (
                "Training steps",
                f"{steps:,} of the environment, {steps / whole:,.0f} a second" if whole else f"{steps:,}",
            )
        )
    speeds = [usage.steps_per_second for usage in usages if usage.steps_per_second]
    if speeds:
        facts.append(("Steps a second of a trial", f"{median(speeds):,.0f} (median)"))
    for title, amounts in (
        ("Memory of a worker", [usage.peak_memory_mb for usage in usages if usage.peak_memory_mb]),
        ("GPU memory of a worker", [usage.peak_gpu_memory_mb for usage in usages if usage.peak_gpu_memory_mb]),
    ):
        if amounts:
            facts.append((title, f"{max(amounts):,.0f} MB at most"))
    retried = sum(trial.attempt > 0 for trial in info.own)
    if retried:
        facts.append(("Run again", f"{counted(retried, 'trial')} whose worker was lost"))
    return facts


def _by_state(stays: Sequence[Stay], taken: float) -> str:
    parts = []
    for state in STATES:
        seconds = sum(stay.end - stay.begin for stay in stays if stay.trial.state.name == state)
        if seconds:
            parts.append(f"{seconds / taken:.0%} {called(state)}")
    return ", ".join(parts)
