"""Report sections of the best trial: its parameters and metrics next to those of trial 0, and its trades."""

from collections.abc import Sequence

from fxai.formatting import counted, figure
from fxai.market.scores.track_record import TrackRecord, read_track_record
from fxai.metric_text import metric_names, metric_text, number_text
from fxai.results.agent_seeds import agent_origin, study_agent
from fxai.results.instrument_tracks import HEADINGS as INSTRUMENT_HEADINGS
from fxai.results.instrument_tracks import instrument_rows
from fxai.results.member_scores import HEADINGS, member_rows
from fxai.results.plots.pareto_figure import pareto_front
from fxai.results.record import TrialRecord
from fxai.results.report.blocks import Absent, Block, Chart, Facts, Section, Table
from fxai.results.report.equity import equity
from fxai.results.report.study_info import StudyInfo, folded_data
from fxai.results.stability import ParameterStability
from fxai.results.track_files import is_of

_METRICS = 24


def winner(info: StudyInfo) -> Section:
    best = info.record.best
    if best is None:
        return Section("best", "Best trial", [Absent("No trial has completed yet.")])
    blocks: list[Block] = [_parameters(info, best)]
    if best.metrics:
        blocks.append(_metrics(info, best))
    title = f"{'Knee of the front' if info.record.front else 'Best trial'}: trial {best.number}"
    return Section("best", title, blocks)


def traded(info: StudyInfo) -> Section | None:
    """How the best agent trades; None if there is no track record of this agent."""
    agent, path = study_agent(info.paths), info.paths.track_record
    if not (agent.exists() and path.is_file() and is_of(agent, path)):
        return None
    record = read_track_record(path)
    reading = (
        f"The best trial's agent on the {record.split} split, after costs; equity starts at 1. The agent was not "
        "trained on this split, but the trial was chosen by it. The other lines are simple strategies on the same bars."
    )
    best, seeds = info.record.best, info.fingerprint.get("seeds_per_trial", 1)
    origin = "" if best is None else agent_origin(best.number, info.record.confirmed, seeds, info.paths)
    if origin:
        reading += f" The agent is {origin}; the trial's metrics are means over its trainings in the search."
    if folded_data(info) is not None:
        reading += " It is trained in the fold whose training ends last; the split is the test window of this fold."
    if record.instruments:
        reading += (
            " They hold an equal share of each instrument. Returns of an instrument are of the portfolio's capital."
        )
    blocks: list[Block] = [Chart("equity", equity(record)), Facts(_trades(record))]
    if of_each := instrument_rows(record):
        blocks.append(Table(INSTRUMENT_HEADINGS, of_each, frozenset(range(1, len(INSTRUMENT_HEADINGS))), stacked=True))
    if rows := member_rows(record):
        blocks.append(Table(HEADINGS, rows, frozenset(range(1, len(HEADINGS)))))
    return Section("traded", "Trading of the best agent", blocks, reading)


def front(info: StudyInfo) -> Section | None:
    """The Pareto front; None for a study with one objective."""
    if len(info.record.goals) == 1:
        return None
    name, title = "front", "Pareto front"
    if not info.record.front:
        return Section(name, title, [Absent("No trial has completed yet.")])
    reading = (
        "Each point is a completed trial. A trial is on the front if no other trial is better in all objectives. The "
        "star is the knee of the front."
    )
    figure_ = pareto_front(info.record)
    goals = [goal.metric for goal in info.record.goals]
    rows = [
        (str(trial.number), *(number_text(goal, trial.values[goal], trading=info.trading) for goal in goals))
        for trial in info.record.front
    ]
    table = Table(("Trial", *goals), rows[:20], frozenset(range(len(goals) + 1)))
    return Section(name, title, [Chart("front", figure_.update_layout(width=None, height=460)), table], reading)


def _parameters(info: StudyInfo, best: TrialRecord) -> Table:
    default = info.default if info.default is not None and info.default.number != best.number else None
    if default is not None and not default.params:
        default = None  # it has not started
    spreads = {each.name: each for each in info.analysis.stability}
    headings = [
        "Parameter",
        "Best",
        *(["Trial 0"] if default else []),
        "Range",
        *(["Leading trials"] if spreads else []),
    ]
    rows = []
    for name, value in best.params.items():
        row = [name, figure(value)]
        if default:
            row.append(figure(default.params[name]) if name in default.params else "-")
        row.append(info.scales[name].extent if name in info.scales else "-")
        if spreads:
            row.append(_spread(spreads[name]) if name in spreads else "-")
        rows.append(row)
    return Table(headings, rows, frozenset(range(1, 3 if default else 2)), stacked=True)


def _metrics(info: StudyInfo, best: TrialRecord) -> Table:
    """The metrics of the best trial next to those of trial 0."""
    first = info.default if info.default is not None and info.default.number != best.number else None
    trials = [best, *([first] if first is not None and first.metrics else [])]
    metric, trading = info.record.metric, info.trading
    rows = [
        (name, *(metric_text(trial.metrics, name, value_of=metric, trading=trading) for trial in trials))
        for name in metric_names(best.metrics)[:_METRICS]
    ]
    headings = ("Metric", "Best", "Trial 0")[: len(trials) + 1]
    return Table(headings, rows, frozenset(range(1, len(headings))))


def _spread(found: ParameterStability) -> str:
    """The parameter's values in the leading trials, as text."""
    if found.choice is not None or found.low is None or found.high is None:
        share = "" if found.spread == 0 else f" ({1 - found.spread:.0%})"
        return f"{figure(found.choice)}{share}"
    return f"{figure(found.low)} to {figure(found.high)}" if found.low != found.high else figure(found.low)


def _trades(record: TrackRecord) -> Sequence[tuple[str, str]]:
    closed, won = len(record.trades), sum(trade.profit > 0 for trade in record.trades)
    if not closed:  # the trades of signals are counted, and not listed
        closed = int(record.metrics.get("trades", 0))
        won = round(closed * record.metrics.get("win_rate", 0.0))
    share = f", {won / closed:.0%} of them with a profit" if closed else ""
    held = float((record.exposure != 0).mean()) if len(record) else 0.0
    return [
        ("Equity at the end", f"{record.equity[-1]:.4f}" if len(record) else "-"),
        *(
            (f"Equity of {name.replace('_', ' ')}", f"{curve[-1]:.4f}")
            for name, curve in record.baselines.items()
            if len(curve)
        ),
        ("Largest drawdown", f"{float(record.drawdown.max()):.2%}" if len(record) else "-"),
        ("Trades", f"{counted(closed, 'closed trade')}{share}"),
        ("Time in the market", f"{held:.0%} of {len(record):,} bars"),
    ]
