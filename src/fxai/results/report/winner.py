"""The best trial: its parameters beside the default ones, its metrics, and how its agent traded."""

from collections.abc import Sequence

from fxai.formatting import counted, figure
from fxai.market.track_record import TrackRecord, read_track_record
from fxai.metric_text import metric_names, metric_text, number_text
from fxai.results.plots.pareto_figure import pareto_front
from fxai.results.record import TrialRecord
from fxai.results.report.blocks import Absent, Block, Chart, Facts, Section, Table
from fxai.results.report.equity import equity
from fxai.results.report.study_info import StudyInfo
from fxai.results.stability import ParameterStability
from fxai.results.track_files import is_of

_METRICS = 24


def winner(info: StudyInfo) -> Section:
    best = info.record.best
    if best is None:
        return Section("winner", "The winner", [Absent("No trial has completed yet.")])
    blocks: list[Block] = [_parameters(info, best)]
    if best.metrics:
        blocks.append(_metrics(info, best))
    title = f"The {'knee' if info.record.front else 'winner'}: trial {best.number}"
    return Section("winner", title, blocks)


def traded(info: StudyInfo) -> Section | None:
    """How the winner's agent traded; None for a study that trades nothing, and where nobody wrote it down."""
    agent, path = info.paths.best_agent, info.paths.track_record
    if not (agent.is_file() and path.is_file() and is_of(agent, path)):
        return None
    record = read_track_record(path)
    reading = (
        f"The winner's agent on the {record.split} split, which it was not trained on but chosen by: costs paid, "
        "equity beginning with 1. Beside it what simple strategies made of the same bars."
    )
    seeds = info.made_of.get("seeds_per_trial", 1)
    if seeds > 1:
        reading += f" It is the first of the trial's {seeds} trainings, while the trial's metrics are means over all."
    return Section(
        "traded", "How the winner trades", [Chart("equity", equity(record)), Facts(_trades(record))], reading
    )


def front(info: StudyInfo) -> Section | None:
    """The Pareto front; None where there is one objective."""
    if len(info.record.goals) == 1:
        return None
    name, title = "front", "Pareto front"
    if not info.record.front:
        return Section(name, title, [Absent("No trial has completed yet.")])
    reading = (
        "Each point is a completed trial. No other beats one of the front in all objectives; the star is its knee."
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
        default = None  # it waits
    spreads = {each.name: each for each in info.analysis.stability}
    headings = ["Parameter", "Best", *(["Trial 0"] if default else []), "Searched", *(["Leaders"] if spreads else [])]
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
    """The metrics of the best trial, with those of trial 0 beside them."""
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
    """What the leading trials have."""
    if found.choice is not None or found.low is None or found.high is None:
        share = "" if found.spread == 0 else f" ({1 - found.spread:.0%})"
        return f"{figure(found.choice)}{share}"
    return f"{figure(found.low)} to {figure(found.high)}" if found.low != found.high else figure(found.low)


def _trades(record: TrackRecord) -> Sequence[tuple[str, str]]:
    won = sum(trade.profit > 0 for trade in record.trades)
    share = f", {won / len(record.trades):.0%} of them with a profit" if record.trades else ""
    held = float((record.position != 0).mean()) if len(record) else 0.0
    return [
        ("Equity at the end", f"{record.equity[-1]:.4f}" if len(record) else "-"),
        *(
            (f"{name.replace('_', ' ').capitalize()} instead", f"{curve[-1]:.4f}")
            for name, curve in record.baselines.items()
            if len(curve)
        ),
        ("Largest drawdown", f"{float(record.drawdown.max()):.2%}" if len(record) else "-"),
        ("Trades", f"{counted(len(record.trades), 'closed trade')}{share}"),
        ("In the market", f"{held:.0%} of {len(record):,} bars"),
    ]
