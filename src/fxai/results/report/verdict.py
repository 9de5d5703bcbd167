"""The opening of a report: the verdict on the best trial, or what the figures are without one."""

import math
from collections.abc import Sequence

from fxai.errors import InputError
from fxai.evaluation.agent_figures import AgentFigures, BoundedFigure
from fxai.evaluation.instrument_figures import explained
from fxai.evaluation.position_baselines import PositionBaselines, StrategyFigures
from fxai.evaluation.selection_words import percent
from fxai.evaluation.verdict import Verdict
from fxai.evaluation.verdict_word import noun
from fxai.evaluation.verdict_words import (
    change_sentence,
    deciding_figures,
    headline,
    looks_sentence,
    meaning,
    missing_sentences,
)
from fxai.formatting import counted, figure
from fxai.metric_text import number_text
from fxai.results.best_verdict import BestVerdict
from fxai.results.report.blocks import Block, Command, Facts, KeySentence, Points, Section, Table, Text
from fxai.results.report.neighbourhood import neighbourhood_blocks
from fxai.results.report.selection import selection_blocks
from fxai.results.report.study_info import StudyInfo
from fxai.results.study_verdict import StudyVerdict, read_study_verdict

_NAME = "verdict"
_DIFFERENCE = "The difference is the mean return per bar minus that of the default."


def verdict(info: StudyInfo) -> Section | None:
    """The verdict on the best trial, or why there is none; None for custom code and without a completed trial."""
    best = None if info.record.best is None else info.record.best.number
    known = BestVerdict.of(info.record.name, info.record.traits, best, info.paths.results_dir)
    if known.current is not None:
        try:
            found = read_study_verdict(info.paths.verdict)
        except InputError as error:
            return _none(info, known, (f"{error}.",))
        if found is not None:
            return _judged(found)
    return _none(info, known, known.sentences()) if known.sentences() else None


def _none(info: StudyInfo, known: BestVerdict, reasons: Sequence[str]) -> Section:
    blocks: list[Block] = [Text(reason) for reason in reasons]
    if known.is_missing and info.location is not None and info.paths.spec.is_file():
        blocks += [
            Text("This command tests the best trial on the test split:"),
            Command(info.location.command("verdict", info.record.name)),
        ]
    return Section(_NAME, "No verdict yet" if known.is_missing else "No verdict", blocks)


def _judged(found: StudyVerdict) -> Section:
    of = found.verdict
    weakened = () if found.knowledge is None else (Text(found.knowledge.sentence),)
    blocks: list[Block] = [KeySentence(meaning(of)), *weakened, Points(deciding_figures(of)), Text(_judged_on(found))]
    blocks += [Text(line) for line in (change_sentence(of), *looks_sentence(of), *missing_sentences(of))]
    blocks.append(_table(found))
    if found.instruments:
        blocks += [Text(f"{explained(found.instruments)}. {_DIFFERENCE}"), _of_instruments(found)]
    facts = (*_agent_facts(of), *(() if of.baselines is None else _baseline_facts(of.baselines)))
    if facts:
        blocks.append(Facts(facts))
    blocks += neighbourhood_blocks(found.neighbourhood, found.trial)
    blocks += selection_blocks(found.selection, found.trial)
    return Section(_NAME, headline(of.word, of.bars), blocks)


def _judged_on(found: StudyVerdict) -> str:
    """What was judged: trials, bars, period, seeds and data."""
    against = "" if found.trial == found.default else f" and of trial {found.default}, the default"
    bars, first, last = counted(found.verdict.bars, "bar"), found.first[:10], found.last[:10]
    return (
        f"Judged: the committee of trial {found.trial}{against}, each of {counted(len(found.seeds), 'agent')} with "
        f"fresh seeds, on {bars} of {found.data} from {first} to {last}, "
        "after costs. The search and the confirmation did not read these bars."
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
    bounds = f"{100 * of.settings.confidence_of_look:.4g} % bounds"
    return Table(("", "Return", "Sharpe ratio", bounds), rows, frozenset({1, 2, 3}), stacked=True)


def _of_instruments(found: StudyVerdict) -> Table:
    """The committees on each instrument."""
    rows = [
        (
            each.name,
            *(_return(of.total_return) for of in (each.agent, each.default)),
            *(_ratio(of.sharpe) for of in (each.agent, each.default)),
            f"{100 * each.to_default:+.3g} %",
        )
        for each in found.instruments
    ]
    headings = ("Instrument", "Return", "of default", "Sharpe ratio", "of default", "Difference per bar")
    return Table(headings, rows, frozenset(range(1, 6)), stacked=True)


def _agent_row(name: str, agent: AgentFigures) -> Sequence[str]:
    return name, _return(agent.total_return), _ratio(agent.sharpe.value), _bounds(agent.sharpe)


def _strategy_row(name: str, strategy: StrategyFigures) -> Sequence[str]:
    return name, _return(strategy.total_return), _ratio(strategy.sharpe), ""


def _agent_facts(of: Verdict) -> Sequence[tuple[str, str]]:
    facts = []
    agent = of.agent
    if agent.probabilistic_sharpe is not None:
        share = percent(agent.probabilistic_sharpe)
        facts.append(
            ("Probability that the true Sharpe ratio is above 0 (PSR, with the error of the bars alone)", share)
        )
    if agent.minimum_bars is not None:
        bars = counted(math.ceil(agent.minimum_bars), "bar")
        facts.append((f"Track record that would show it at {100 * of.settings.confidence_of_look:.4g} %", bars))
    if of.probability_of_improvement is not None:
        share = percent(of.probability_of_improvement)
        facts.append((f"Probability that an agent of the {noun(of.word)} earns more than one of the default", share))
    facts.append(
        ("Interquartile mean over the agents of their mean return per bar", _return(agent.interquartile_mean_return))
    )
    return facts


def _baseline_facts(baselines: PositionBaselines) -> Sequence[tuple[str, str]]:
    facts = []
    if baselines.random is not None:
        share = percent(baselines.random.p_value)
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
