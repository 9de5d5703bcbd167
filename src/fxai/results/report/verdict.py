"""Report section: the verdict on the best trial, from `verdict.json`."""

from collections.abc import Sequence

from fxai.errors import InputError
from fxai.evaluation.agent_figures import AgentFigures, BoundedFigure
from fxai.evaluation.position_baselines import PositionBaselines, StrategyFigures
from fxai.evaluation.verdict_word import noun
from fxai.evaluation.verdict_words import headline, sentences
from fxai.formatting import figure
from fxai.metric_text import number_text
from fxai.results.report.blocks import Absent, Block, Facts, Section, Table, Text
from fxai.results.report.study_info import StudyInfo
from fxai.results.study_verdict import StudyVerdict, read_study_verdict

_NAME = "verdict"


def verdict(info: StudyInfo) -> Section | None:
    """The verdict on the best trial; None if there is none."""
    try:
        found = read_study_verdict(info.paths.verdict)
    except InputError as error:
        return Section(_NAME, "Verdict", [Absent(f"Not available: {error}.")])
    if found is None or info.record.best is None:
        return None
    if found.trial != info.record.best.number:
        old = f"The last verdict was on trial {found.trial}. The best trial is trial {info.record.best.number} now"
        return Section(_NAME, "Verdict", [Absent(f"{old}; run fxai verdict {info.record.name}.")])
    of = found.verdict
    _, *lines = sentences(of)
    blocks: list[Block] = [Text(line) for line in lines]
    blocks.append(_table(found))
    if of.baselines is not None:
        blocks.append(Facts(_facts(of.baselines)))
    return Section(_NAME, headline(of), blocks, _reading(found))


def _reading(found: StudyVerdict) -> str:
    first, last = found.first[:10], found.last[:10]
    return (
        f"Committees of {len(found.seeds)} agents with fresh seeds, of trial {found.trial} and of trial "
        f"{found.default}, the default, on {found.data} from {first} to {last}, after costs. The search and the "
        "confirmation did not read these bars."
    )


def _table(found: StudyVerdict) -> Table:
    of, baselines = found.verdict, found.verdict.baselines
    rows = [_agent_row(noun(of.word), of.agent)]
    if of.default is not None and found.trial != found.default:
        rows.append(_agent_row("default", of.default))
    if baselines is not None:
        held = {"buy and hold": baselines.buy_and_hold, "sell and hold": baselines.sell_and_hold}
        rows += [_strategy_row(name, each) for name, each in held.items() if each is not None]
        rows.append(_strategy_row("doing nothing", baselines.flat))
    bounds = f"One-sided {100 * of.settings.confidence_of_look:.4g} % bounds"
    return Table(("", "Return", "Sharpe ratio", bounds), rows, frozenset({1, 2, 3}))


def _agent_row(name: str, agent: AgentFigures) -> Sequence[str]:
    return name, _return(agent.total_return), _ratio(agent.sharpe.value), _bounds(agent.sharpe)


def _strategy_row(name: str, strategy: StrategyFigures) -> Sequence[str]:
    return name, _return(strategy.total_return), _ratio(strategy.sharpe), ""


def _facts(baselines: PositionBaselines) -> Sequence[tuple[str, str]]:
    facts = []
    if baselines.random is not None:
        share = f"{100 * baselines.random.p_value:.2g} %"
        facts.append(("Random trading with the same positions at other times that earns as much", share))
    if baselines.break_even_cost_multiple is not None:
        facts.append(("Costs at which the profit ends", f"{baselines.break_even_cost_multiple:.2f} times these"))
    if baselines.best_days_share is not None:
        facts.append(("Share of the five best days in the profit", f"{100 * baselines.best_days_share:.0f} %"))
    return facts


def _return(value: float) -> str:
    return number_text("total_return", value, trading=True)


def _ratio(value: float | None) -> str:
    return "" if value is None else figure(round(value, 2))


def _bounds(bounded: BoundedFigure) -> str:
    if bounded.lower is None or bounded.upper is None:
        return ""
    return f"{_ratio(bounded.lower)} and {_ratio(bounded.upper)}"
