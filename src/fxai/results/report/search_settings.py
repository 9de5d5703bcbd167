"""Report section: the settings of the search."""

from collections.abc import Iterator, Mapping
from typing import Any

from fxai.formatting import counted, figure
from fxai.results.report.blocks import Block, Facts, Section, Table
from fxai.results.report.study_info import StudyInfo
from fxai.search import attributes
from fxai.spec.fields.sources import source_text
from fxai.spec.reading.transfer_spec import TransferSpec


def search_settings(info: StudyInfo) -> Section:
    blocks: list[Block] = [Facts(list(_facts(info)))]
    if info.scales:
        when = {name: _conditions(each) for name, each in info.fingerprint.get("parameters", {}).items()}
        conditional = any(when.values())
        rows = [
            (scale.name, scale.extent, *((when.get(scale.name, ""),) if conditional else ()))
            for scale in info.scales.values()
        ]
        blocks.append(Table(("Parameter", "Range", *(("Condition",) if conditional else ())), rows))
    return Section("searched", "Settings of the search", blocks)


def _facts(info: StudyInfo) -> Iterator[tuple[str, str]]:
    fingerprint, plan = info.fingerprint, info.stored.user_attrs.get(attributes.PLAN, {})
    yield (
        "Goal",
        ", ".join(info.goals) + (f"; pruned by {info.record.metric}" if info.record.front else ""),
    )
    if score := fingerprint.get("score"):
        yield "Score", str(score)
    if objective := fingerprint.get("objective"):
        yield "Objective", objective if isinstance(objective, str) else " ".join(map(str, objective))
    yield from _training(fingerprint)
    yield from _trainings(fingerprint)
    finished = sum(trial.state.is_finished() for trial in info.own)
    total = f" of {plan['n_trials']}" if plan else ""
    ended = "" if info.record.ended_by is None else f"; ended by stop.{info.record.ended_by.rule}"
    yield "Trials", f"{finished}{total} finished{ended}"
    if search := fingerprint.get("search"):
        yield "Search", f"populations of {search['population']}, compared every {search['ready_interval']} updates"
    elif plan:
        yield "Sampler", _with_arguments(plan["sampler"])
        yield "Pruner", _with_arguments(plan["pruner"])
    if plan:
        yield "Seed of the study", str(plan["seed"])
    for constraint in fingerprint.get("constraints", ()):
        yield "Constraint", constraint
    if fixed := fingerprint.get("fixed"):
        yield "Fixed", ", ".join(f"{name} = {figure(value)}" for name, value in fixed.items())
    if stored := info.stored.user_attrs.get(attributes.TRANSFER):
        source = TransferSpec.model_validate(stored).source
        yield "Transfer from", f"{source.study_name}, trial {source.best_trial}"


def _trainings(fingerprint: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The seeds of a trial, and its folds if it has some."""
    if fingerprint:
        seeds = fingerprint.get("seeds_per_trial", 1)
        yield "Seeds", "one per trial" if seeds == 1 else f"{seeds} per trial; a trial's value is their mean"
    data = fingerprint.get("training_config", {}).get("data")
    split = data.get("split", {}) if isinstance(data, dict) else {}
    if folds := split.get("walk_forward"):
        yield "Folds", f"{folds['folds']} of walk-forward, {folds['scheme']}, with a purge of {folds['purge']} bars"
    if groups := split.get("combinatorial"):
        bars = f"a purge of {groups['purge']} bars and an embargo of {groups['embargo']}"
        yield "Folds", f"combinatorial, {groups['test_groups']} of {groups['groups']} groups test; {bars}"


def _training(fingerprint: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Data, agent and length of a trial, for a study of trading agents."""
    data, config = fingerprint.get("data"), fingerprint.get("training_config", {})
    if isinstance(data, dict):
        yield "Data", source_text(data["source"])
        training, model = config.get("training", {}), config.get("model", {})
        updates = training.get("total_updates")
        yield "Agent", f"{training.get('algorithm', 'ppo')} on {model.get('type', 'mlp')}"
        if updates:
            yield "Length of a trial", f"{counted(updates, 'update')}, scored every {training.get('eval_frequency')}"


def _conditions(parameter: Mapping[str, Any]) -> str:
    """`model.type is gru or mlp`; empty for a parameter that always exists."""
    when = parameter.get("when", {})
    return " and ".join(f"{name} is {' or '.join(map(figure, values))}" for name, values in when.items())


def _with_arguments(record: Mapping[str, Any]) -> str:
    """`TPESampler (n_startup_trials 10)`."""
    arguments = [f"{name} {value}" for name, value in record.items() if name != "type"]
    return f"{record['type']} ({', '.join(arguments)})" if arguments else str(record["type"])
