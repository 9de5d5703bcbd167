"""Warnings of `fxai check` about valid studies that are probably mistakes, each with the reason."""

import math
from collections.abc import Iterator

from fxai.errors import SpecError
from fxai.spec.checks.argument_advice import argument_advice
from fxai.spec.checks.ensemble_checks import ensemble_advice
from fxai.spec.checks.feasibility import violated_constraints
from fxai.spec.checks.population_checks import population_advice
from fxai.spec.checks.position_advice import position_advice
from fxai.spec.checks.reward_advice import reward_advice
from fxai.spec.fields.objective import LLM_SIGNAL
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.configure import config_values, default_params, trial_config
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.embargo import longest_windows
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

_BUDGET = frozenset(
    f"training.{name}" for name in ("total_updates", "rollout_steps", "rollout_multiplier", "n_envs", "eval_frequency")
)
_SIGNAL_BUDGET = frozenset({"training.max_train_steps", "training.eval_frequency"})
_MARKET = frozenset(
    f"env.{name}" for name in ("commission_rate", "slippage_rate", "spread", "swap_long_rate", "swap_short_rate")
)
_RULES = frozenset({"env.leverage", "env.stop_out_level", "env.flat_by_close"})
_A_BUDGET = "a budget; a larger one nearly always scores better, so set it under training_config.training"
_SIZES = frozenset({"model.d_model", "model.n_layers"})
_DECADES = 4
_NARROW = 2  # ratio of the ends of a range, or of the horizons of a rate
_FEW_VALUES = 10  # an integer range with fewer values is not judged by the ratio of its ends


def advice(study: StudySpec) -> tuple[str, ...]:
    """Returns the warnings about a valid study, one line each."""
    return (*_about_study(study), *(line for each in study.parameters for line in _about_parameter(study, each)))


def _about_study(study: StudySpec) -> Iterator[str]:
    count = len(study.parameters)
    if count > study.n_trials:
        yield f"{study.n_trials} trials are too few to compare the effects of {count} parameters; raise n_trials"
    categorical = [each.name for each in study.parameters if isinstance(each, CategoricalParameter)]
    if categorical and isinstance(study.sampler, CmaEsSampler | QMCSampler):
        yield f"{study.sampler.type} draws categorical parameters at random: {', '.join(categorical)}"
    if study.stop.min_delta and study.stop.patience is None:
        yield "stop.min_delta has no effect without stop.patience"
    yield from notices(study)
    yield from _about_constraints(study)
    yield from argument_advice(study.objective, study.parameters)
    if isinstance(study.training_config, CustomConfig):
        yield from text_advice(study)
        yield from score_advice(study.score) if study.score else ()
        return
    yield from population_advice(study.search, study.parameters, study.n_trials, study.training_config)
    yield from reward_advice(study, study.training_config)
    yield from position_advice(study.training_config.env)
    yield from ensemble_advice(study)
    if study.metric_name == "max_drawdown" and study.direction == "maximize":
        yield "max_drawdown is a loss, and direction maximize selects the worst agent; write direction: minimize"
    yield from _about_embargo(study, study.training_config.data.split.embargo_bars)
    try:
        trial_config(study, default_params(study))
    except SpecError as error:
        yield f"trial 0, the default configuration, fails: {_reasons(error)}"


def _about_embargo(study: StudySpec, bars: int | None) -> Iterator[str]:
    """Yields a warning if an embargo is shorter than the windows of the search space."""
    needed = longest_windows(study).looked_back
    if bars is not None and bars < needed:
        yield (
            f"data.split.embargo_bars is {bars}, and an observation depends on up to {needed} bars before, so "
            "observations at the start of a split contain bars of the split before; remove embargo_bars"
        )


def notices(study: StudySpec) -> tuple[str, ...]:
    """Returns the notices about the search of a study, which every run prints."""
    return tuple(independent_sampling_notices(study))


def independent_sampling_notices(study: StudySpec) -> Iterator[str]:
    """Yields notices about conditional parameters that the sampler does not model jointly with the others."""
    conditional = ", ".join(each.name for each in study.parameters if each.when)
    if not conditional:
        return
    match study.sampler:
        case TPESampler(multivariate=True, group=False):
            yield (
                f"TPESampler models each conditional parameter by itself: {conditional}; "
                "sampler.group: true models jointly what exists together"
            )
        case CmaEsSampler() | GPSampler() | QMCSampler() | NSGAIISampler() | NSGAIIISampler():
            yield f"{study.sampler.type} draws conditional parameters at random: {conditional}; TPESampler models them"


def _about_constraints(study: StudySpec) -> Iterator[str]:
    if study.constraints and isinstance(study.sampler, CmaEsSampler | QMCSampler):
        yield f"{study.sampler.type} does not model constraints; trials that break them are only skipped"
    searched = {name for each in study.parameters for name in (each.name, each.path)}
    for constraint in study.constraints:
        if searched.isdisjoint(parse_expression(constraint).names):
            yield f"the constraint {constraint!r} names no searched parameter, so it is the same for all trials"
    for constraint in violated_constraints(study, default_params(study)):
        yield f"trial 0, {first_trial(study)}, breaks the constraint {constraint!r} and is not trained"


def _about_parameter(study: StudySpec, parameter: Parameter) -> Iterator[str]:
    lines = (*_about_values(parameter), *_about_default(study, parameter))
    if study.objective == LLM_SIGNAL and parameter.path in _SIGNAL_BUDGET:
        lines = (_A_BUDGET, *lines)
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
        yield _A_BUDGET
    if name in _MARKET:
        yield "a cost of the market, which lower values always improve; set it under training_config.env"
    if name in _RULES:
        yield "a rule of the market; all trials are scored with the value of the study under training_config.env"


def _about_size(config: TrainingConfig, path: str) -> Iterator[str]:
    if path in _SIZES and config.model.widths is not None:
        yield "no effect, because training_config.model.widths sets the width of each layer"


def _about_values(parameter: Parameter) -> Iterator[str]:
    if isinstance(parameter, CategoricalParameter):
        if len(parameter.choices) == 1:
            yield "a single choice; write it under training_config"
        return
    if parameter.low == parameter.high:
        yield "a single value; write it under training_config"
        return
    if parameter.step is not None and not contains(parameter, parameter.high):
        yield f"high {parameter.high:g} is not a whole number of steps of {parameter.step:g} above low and never tried"
    if parameter.path.endswith("learning_rate") and not parameter.log:
        yield "a learning rate on a linear scale; most draws are in the highest decade; use float_log"
    ratio = _ratio(parameter)
    if ratio is not None and math.log10(ratio) > _DECADES + 1e-9:
        yield (
            f"a range of more than four decades ({parameter.low:g} to {parameter.high:g}), "
            "so many trials have extreme values; narrow it"
        )
    narrow = _NARROW - 1e-9 if is_rate(parameter) else _NARROW + 1e-9
    if ratio is not None and ratio <= narrow and not _has_few_values(parameter):
        yield f"a range of a factor of two or less ({parameter.low:g} to {parameter.high:g}) may miss the best value"


def _ratio(parameter: FloatParameter | IntParameter) -> float | None:
    """Returns the ratio of the ends of a range; None if low is not positive.

    For a rate near one, such as gamma, it is the ratio of the distances from one, if that is greater: 0.95 to 0.999
    are horizons of 20 to 1,000 steps.
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
        yield f"the default {default} is outside the range; trial 0 uses {nearest_value(parameter, default)}"


def _about_ends(study: StudySpec, parameter: Parameter) -> Iterator[str]:
    where = {name: values[0] for name, values in parameter.when.items()}  # so that the parameter exists
    for value in _ends(parameter):
        try:
            trial_config(study, {**where, parameter.name: value})
        except SpecError as error:
            yield f"{value} fails with the rest of training_config: {_reasons(error)}"


def _ends(parameter: Parameter) -> tuple[Choice, ...]:
    return parameter.choices if isinstance(parameter, CategoricalParameter) else (parameter.low, parameter.high)


def _reasons(error: SpecError) -> str:
    return "; ".join(problem.message for problem in error.problems)
