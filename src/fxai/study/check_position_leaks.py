"""Tests an objective that returns positions for the use of later bars."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fxai.market.bars import Bars, FloatArray
from fxai.market.leaks.check_columns import check_columns
from fxai.market.leaks.check_function import check_function
from fxai.market.leaks.check_scaling import check_scaling
from fxai.market.leaks.findings import LeakReport
from fxai.market.scores.position_function import function_positions
from fxai.market.scores.scored_positions import bars_before_test
from fxai.spec.fields.objective import PythonFunction, folder_of
from fxai.spec.search.conditions import active_params
from fxai.spec.search.configure import config_values, default_params, trial_settings
from fxai.spec.search.parameters import CategoricalParameter, Choice, Parameter
from fxai.spec.search.positions_config import arguments_of
from fxai.spec.search.study import StudySpec
from fxai.study.feature_call import without_module
from fxai.study.position_market import position_market

POSITIONS = "positions"


@dataclass(frozen=True, slots=True)
class PositionCall:
    """The function with the arguments of a trial, from bars to one column."""

    function: str
    folder: str
    arguments: Mapping[str, Any]

    def __call__(self, bars: Bars) -> Mapping[str, FloatArray]:
        """The positions.

        Raises:
            DataError: As `function_positions`.
        """
        return {POSITIONS: function_positions(bars, self.function, self.folder, self.arguments)}

    def in_new_module(self, bars: Bars) -> Mapping[str, FloatArray]:
        """As a call, in a newly imported copy of the function's module, which keeps nothing of earlier calls."""
        with without_module(self.function.partition(":")[0].partition(".")[0]):
            return self(bars)


def position_leaks(study: StudySpec, objective: PythonFunction) -> Iterator[LeakReport]:
    """Test the positions exactly, with the arguments of some trials; and columns of the file as those of features.

    The function gets the bars that it gets in a trial. The arguments are those of trial 0, each choice that is no
    number, and the least and the greatest values of all parameters.

    Raises:
        DataError: The data cannot be read, or the function fails on these bars.
    """
    bars, market = position_market(study)
    seen = bars_before_test(bars, market)
    for arguments in _arguments_of_trials(study):
        call = PositionCall(objective.function, folder_of(objective), arguments)
        yield check_function(seen, call, fresh=call.in_new_module)
    if bars.columns:
        yield check_scaling(bars.columns)
        yield check_columns(seen, seen.columns)


def _arguments_of_trials(study: StudySpec) -> list[Mapping[str, Any]]:
    """The arguments to test, each once."""
    changes: list[dict[str, Choice]] = [
        {each.name: choice}
        for each in study.parameters
        if isinstance(each, CategoricalParameter)
        for choice in each.choices
        if not _is_number(choice)
    ]
    changes += [{each.name: _ordered(each)[end] for each in study.parameters} for end in (0, -1)]
    found: list[Mapping[str, Any]] = [_arguments(study, default_params(study))]
    for change in changes:
        arguments = _arguments(study, _with(study, change))
        if arguments not in found:
            found.append(arguments)
    return found


def _with(study: StudySpec, change: Mapping[str, Choice]) -> dict[str, Choice]:
    """The parameters of trial 0 with other values, and with the parameters that apply to these."""
    first, values = default_params(study), config_values(study)
    return active_params(
        study.parameters, values, lambda each: change.get(each.name, first.get(each.name, _ordered(each)[0]))
    )


def _arguments(study: StudySpec, params: Mapping[str, Choice]) -> Mapping[str, Any]:
    return arguments_of(trial_settings(study, params))


def _ordered(parameter: Parameter) -> tuple[Choice, ...]:
    """The least and the greatest value of a parameter; all choices if one is no number."""
    if not isinstance(parameter, CategoricalParameter):
        return (parameter.low, parameter.high)
    numbers = [each for each in parameter.choices if isinstance(each, int | float)]
    return tuple(sorted(numbers)) if len(numbers) == len(parameter.choices) else tuple(parameter.choices)


def _is_number(choice: Choice) -> bool:
    return isinstance(choice, int | float) and not isinstance(choice, bool)
