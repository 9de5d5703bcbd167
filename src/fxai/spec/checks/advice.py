"""What `check` warns of: searches that run but are seldom meant, each with the reason."""

import math
from collections.abc import Iterator

from fxai.errors import SpecError
from fxai.spec.checks.argument_advice import argument_advice
from fxai.spec.checks.feasibility import broken
from fxai.spec.checks.population_checks import population_advice
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.configure import config_values, default_params, trial_config
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.expression import parse_expression
from fxai.spec.search.first_trial import first_trial
from fxai.spec.search.parameters import (
    CategoricalParameter,
    Choice,
    FloatParameter,
    IntParameter,
    Parameter,
    contains,
    is_rate,
    nearest_value,
)
from fxai.spec.search.samplers import CmaEsSampler, GPSampler, NSGAIIISampler, NSGAIISampler, QMCSampler, TPESampler
from fxai.spec.search.score import score_advice
from fxai.spec.search.study import StudySpec
from fxai.spec.search.text_values import text_advice

_BUDGET = frozenset(f"training.{name}" for name in ("total_updates", "rollout_steps", "n_envs", "eval_frequency"))
_MARKET = frozenset(
    f"env.{name}" for name in ("commission_rate", "slippage_rate", "spread", "swap_long_rate", "swap_short_rate")
)
_SIZES = frozenset({"model.d_model", "model.n_layers"})
_DECADES = 4
_NARROW = 2  # greater end over lesser end; a rate's horizons may differ by just as much
_FEW_VALUES = 10  # a whole number with so few values is searched value by value; its ratio says nothing


def advice(study: StudySpec) -> tuple[str, ...]:
    """Warnings about a study that loads, one line each; none for a sound one."""
    return (*_about_study(study), *(line for each in study.parameters for line in _about_parameter(study, each)))


def _about_study(study: StudySpec) -> Iterator[str]:
    count = len(study.parameters)
    if count > study.n_trials:
        yield f"{count} parameters for {study.n_trials} trials, too few to tell them apart; raise n_trials"
    categorical = [each.name for each in study.parameters if isinstance(each, CategoricalParameter)]
    if categorical and isinstance(study.sampler, CmaEsSampler | QMCSampler):
        yield f"{study.sampler.type} draws categorical parameters at random: {', '.join(categorical)}"
    if study.stop.min_delta and study.stop.patience is None:
        yield "stop.min_delta says what counts for stop.patience, which is not given; it does nothing"
    yield from notices(study)
    yield from _about_constraints(study)
    yield from argument_advice(study.objective, study.parameters)
    if isinstance(study.training_config, CustomConfig):
        yield from text_advice(study)
        yield from score_advice(study.score) if study.score else ()
        return
    yield from population_advice(study.search, study.parameters, study.n_trials, study.training_config)
    if study.metric_name == "max_drawdown" and study.direction == "maximize":
        yield "max_drawdown is a loss, so maximize looks for the worst agent; write direction: minimize"
    try:
        trial_config(study, default_params(study))
    except SpecError as error:
        yield f"trial 0, the default configuration, will fail: {_reasons(error)}"


def notices(study: StudySpec) -> tuple[str, ...]:
    """What each run says of how the study is searched."""
    return tuple(independence(study))


def independence(study: StudySpec) -> Iterator[str]:
    """What the sampler does not model together with the rest, because not every trial has it."""
    conditional = ", ".join(each.name for each in study.parameters if each.when)
    if not conditional:
        return
    not_all = "which not every trial has"
    match study.sampler:
        case TPESampler(multivariate=True, group=False):
            yield f"TPESampler models each of these by itself, {not_all}: {conditional}; sampler.group models branches"
        case CmaEsSampler() | GPSampler() | QMCSampler() | NSGAIISampler() | NSGAIIISampler():
            yield f"{study.sampler.type} draws these at random, {not_all}: {conditional}; TPESampler learns it"


def _about_constraints(study: StudySpec) -> Iterator[str]:
    if study.constraints and isinstance(study.sampler, CmaEsSampler | QMCSampler):
        yield f"{study.sampler.type} learns nothing from constraints; it only passes over what breaks them"
    searched = {name for each in study.parameters for name in (each.name, each.path)}
    for constraint in study.constraints:
        if searched.isdisjoint(parse_expression(constraint).names):
            yield f"the constraint {constraint!r} names nothing that is searched, so it is the same for all trials"
    for constraint in broken(study, default_params(study)):
        yield f"trial 0, {first_trial(study)}, breaks the constraint {constraint!r}; it will not be trained"


def _about_parameter(study: StudySpec, parameter: Parameter) -> Iterator[str]:
    lines = (*_about_values(parameter), *_about_default(study, parameter))
    if isinstance(study.training_config, TrainingConfig):
        config = study.training_config
        lines = (
            *_about_name(parameter.path),
            *_about_size(config, parameter.path),
            *lines,
            *_about_ends(study, parameter),
        )
    yield from (f"{parameter.name}: {line}" for line in lines)


def _about_name(name: str) -> Iterator[str]:
    if name in _BUDGET:
        yield "a budget; more of it nearly always scores better, so the search answers only what you can afford"
    if name in _MARKET:
        yield "a cost of the market, which the agent cannot choose; set it under training_config.env"


def _about_size(config: TrainingConfig, path: str) -> Iterator[str]:
    if path in _SIZES and config.model.widths is not None:
        yield "without effect, as training_config.model.widths gives each layer's width"


def _about_values(parameter: Parameter) -> Iterator[str]:
    if isinstance(parameter, CategoricalParameter):
        if len(parameter.choices) == 1:
            yield "a single choice; write it under training_config"
        return
    if parameter.low == parameter.high:
        yield "a single value; write it under training_config"
        return
    if parameter.step is not None and not contains(parameter, parameter.high):
        yield f"high {parameter.high:g} is no whole number of steps ({parameter.step:g}) from low; it is never tried"
    if parameter.path.endswith("learning_rate") and not parameter.log:
        yield "a learning rate on a linear scale: nine tenths of the draws fall into the top decade; use float_log"
    ratio = _ratio(parameter)
    if ratio is not None and math.log10(ratio) > _DECADES + 1e-9:
        yield f"a range of over four decades ({parameter.low:g} to {parameter.high:g}) wastes trials at its ends"
    narrow = _NARROW - 1e-9 if is_rate(parameter) else _NARROW + 1e-9
    if ratio is not None and ratio <= narrow and not _has_few_values(parameter):
        yield f"a range of a factor of two or less ({parameter.low:g} to {parameter.high:g}) can miss the best value"


def _ratio(parameter: FloatParameter | IntParameter) -> float | None:
    """How many times the high end is the low one.

    A rate near one, such as gamma, is judged by its distance from one: 0.95 to 0.999 are horizons of 20
    to 1,000 steps.
    """
    low, high = parameter.low, parameter.high
    if low <= 0:
        return None
    if is_rate(parameter):
        return max(high / low, (1 - low) / (1 - high))
    return high / low


def _has_few_values(parameter: FloatParameter | IntParameter) -> bool:
    return isinstance(parameter, IntParameter) and parameter.high - parameter.low < _FEW_VALUES


def _about_default(study: StudySpec, parameter: Parameter) -> Iterator[str]:
    default = config_values(study).get(parameter.path)
    exists = parameter.name in default_params(study)
    if exists and default is not None and not contains(parameter, default):
        yield f"the default {default} lies outside the range; trial 0 takes {nearest_value(parameter, default)}"


def _about_ends(study: StudySpec, parameter: Parameter) -> Iterator[str]:
    where = {name: values[0] for name, values in parameter.when.items()}  # it exists
    for value in _ends(parameter):
        try:
            trial_config(study, {**where, parameter.name: value})
        except SpecError as error:
            yield f"{value} fails with the rest of training_config: {_reasons(error)}"


def _ends(parameter: Parameter) -> tuple[Choice, ...]:
    return parameter.choices if isinstance(parameter, CategoricalParameter) else (parameter.low, parameter.high)


def _reasons(error: SpecError) -> str:
    return "; ".join(problem.message for problem in error.problems)
