"""What `fxai check --try` prints about the trial that it ran."""

import shlex
from collections.abc import Iterator

from pydantic import JsonValue

from fxai.formatting import assignments, counted, legible, short_cause, span
from fxai.metric_text import metric_texts, number_text
from fxai.protocol import TrialState
from fxai.spec.fields.argument_style import notation_of
from fxai.spec.fields.command_line import fill_placeholders
from fxai.spec.fields.field_paths import parse_choice
from fxai.spec.fields.objective import CustomCommand, PythonFunction, argument_style_of, is_custom
from fxai.spec.search.custom_config import CustomConfig, values_in
from fxai.spec.search.pruners import NopPruner
from fxai.spec.search.study import StudySpec
from fxai.study.try_trial import TriedTrial


def completed(tried: TriedTrial) -> bool:
    """Whether the trial completed."""
    return tried.result.state is TrialState.COMPLETE


def lines_of(study: StudySpec, tried: TriedTrial) -> Iterator[str]:
    """Lines about the trial's result; for a failed trial also its parameters, its command and its last output."""
    result = tried.result
    if completed(tried) and result.value is not None:
        trading = not is_custom(study.objective)
        value = number_text(study.metric_name, result.value, trading=trading)
        yield (
            f"trial 0 completed after {span(result.seconds)}: {study.metric_name} {value}, "
            f"{counted(tried.reports, 'report')}"
        )
        if result.metrics and not trading:
            texts = metric_texts(result.metrics, value_of=study.metric_name, trading=trading)
            metrics = {name: text for name, text in texts.items() if name != study.metric_name}
            yield f"  metrics: {assignments(metrics)}"
        if not tried.reports and not isinstance(study.pruner, NopPruner):
            yield f"  the trial reported no step, so {study.pruner.type} cannot prune trials"
        return
    yield f"trial 0 failed after {span(result.seconds)}: {short_cause(_cause(tried))}"
    if tried.params:
        yield f"  parameters: {assignments(tried.params)}"
    yield from _started(study, tried)
    if tried.output:
        yield "  last lines of its output:"
        yield from (f"    {legible(line)}" for line in tried.output)


def as_json(tried: TriedTrial) -> dict[str, JsonValue]:
    """The trial's result as JSON."""
    result = tried.result
    return {
        "state": result.state.value,
        "params": dict(tried.params),
        "value": result.value,
        "metrics": dict(result.metrics),
        "reports": tried.reports,
        "seconds": result.seconds,
        "error": None if completed(tried) else _cause(tried),
        "output": list(tried.output),
    }


def _cause(tried: TriedTrial) -> str:
    error = tried.result.error
    return f"the trial ended as {tried.result.state}" if error is None else error.message


def _started(study: StudySpec, tried: TriedTrial) -> Iterator[str]:
    """The user's command or function, and its folder."""
    match study.objective:
        case CustomCommand(command=command, folder=folder):
            params = {name: parse_choice(value) for name, value in tried.params.items()}
            config = study.training_config
            further = values_in(config) if isinstance(config, CustomConfig) else {}
            words = fill_placeholders(command, params, further, notation_of(argument_style_of(study.objective)))
            yield f"  command: {legible(shlex.join(words))}"
            yield f"  folder: {legible(folder)}"
        case PythonFunction(function=function, folder=folder):
            yield f"  function: {function}"
            yield f"  folder: {legible(folder)}"
