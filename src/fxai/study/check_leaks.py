"""Tests what a study computes from bars for the use of later bars.

These are the columns and the function of `data.features`, the positions of an objective that returns positions, or the
prompts of a study of signals.
"""

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace

from fxai.errors import DataError
from fxai.market.bars import Bars, FloatArray
from fxai.market.features.features import warm_up_of
from fxai.market.features.order_book import order_book_features
from fxai.market.leaks.changed_bars import cut
from fxai.market.leaks.check_columns import check_columns
from fxai.market.leaks.check_function import check_function
from fxai.market.leaks.check_scaling import check_scaling
from fxai.market.leaks.findings import LeakFinding, LeakReport
from fxai.market.markets.instruments import common_config
from fxai.market.splits.splits import split
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.feature_config import FeatureConfig
from fxai.spec.fields.objective import LLM_SIGNAL, PythonFunction, returns_positions
from fxai.spec.fields.order_book_config import OrderBookConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.configure import default_params, trial_config
from fxai.spec.search.embargo import longest_windows, with_embargo
from fxai.spec.search.parameters import CategoricalParameter, Choice, Parameter
from fxai.spec.search.study import StudySpec
from fxai.study.check_bars import bars_of_trials
from fxai.study.check_position_leaks import position_leaks
from fxai.study.check_prompt_leaks import prompt_leaks
from fxai.study.feature_call import FeatureCall

_FUNCTION = "data.features.function"
_ARGUMENTS = "data.features.arguments."


@dataclass(frozen=True, slots=True)
class StudyLeaks:
    """Results of all tests of a study."""

    report: LeakReport = field(default_factory=LeakReport)
    reason: str | None = None  # why there is nothing to test
    error: str | None = None  # why the data or the function cannot be used

    @property
    def is_fault(self) -> bool:
        """Whether the study cannot be used as it is: a use of later bars is proved, or the function fails."""
        return self.error is not None or any(each.is_error for each in self.report.findings)


def check_leaks(study: StudySpec) -> StudyLeaks:
    """Test each column and function of a study, and its features of order books; see `market/leaks`.

    A function is tested on the bars of the first instrument, with the arguments of trial 0 and with the greatest ones
    of the search space. Columns, and the results of the function of trial 0, are tested on the bars before the test
    split of each instrument. So are features of order books, because a file may have the book of a later time in a row.
    """
    config = with_embargo(study).training_config
    if isinstance(study.objective, PythonFunction) and returns_positions(study.objective):
        return _of_positions(study, study.objective)
    if study.objective == LLM_SIGNAL:
        return _of_decisions(study)
    if not isinstance(config, TrainingConfig):
        return StudyLeaks(reason="the objective is your own code, which reads its own data")
    try:
        bars = bars_of_trials(study, config)
        features = features_of_trials(study)
        has_columns = features[0].order_book.has_features or any(each.columns for each in bars.values())
        if features[0].function is None and not has_columns:
            return StudyLeaks(reason="data.features has no columns and no function; other features use no later bars")
        data = common_config(bars, config.data) if config.data.has_instruments else config.data
        with redirect_stdout(sys.stderr):  # what the function prints is not part of the output
            first = next(iter(bars.values()))
            exact = [_of_function(first, each) for each in features if each.function is not None]
            exact += [_of_book(first, features[0].order_book)] if features[0].order_book.has_features else []
            proved = {finding.column for report in exact for finding in report.findings}
            scaling = [_of_instrument(name, check_scaling(each.columns)) for name, each in bars.items()]
            before = {name: _before_test(study, each, data) for name, each in bars.items()}
            statistical = [_of_columns(name, each, features[0], proved) for name, each in before.items()]
    except DataError as error:
        return StudyLeaks(error=str(error))
    return StudyLeaks(_joined([*exact, *scaling, *statistical]))


def _of_decisions(study: StudySpec) -> StudyLeaks:
    """The exact test of the prompts: whether they change with later news and prices."""
    try:
        return StudyLeaks(prompt_leaks(study))
    except DataError as error:
        return StudyLeaks(error=str(error))


def _of_positions(study: StudySpec, objective: PythonFunction) -> StudyLeaks:
    try:
        with redirect_stdout(sys.stderr):  # what the function prints is not part of the output
            return StudyLeaks(_joined(list(position_leaks(study, objective))))
    except DataError as error:
        return StudyLeaks(error=str(error))


def features_of_trials(study: StudySpec) -> tuple[FeatureConfig, ...]:
    """The features of trial 0, of each other function, and of the greatest arguments, each function call once."""
    first = default_params(study)
    greatest = {each.name: _greatest(each) for each in study.parameters if each.path.startswith(_ARGUMENTS)}
    functions = [
        {each.name: choice}
        for each in study.parameters
        if each.path == _FUNCTION and isinstance(each, CategoricalParameter)
        for choice in each.choices
    ]
    changes: list[Mapping[str, Choice]] = [{}, *functions, {name: greatest[name] for name in greatest if name in first}]
    found = [trial_config(study, {**first, **change}).data.features for change in changes]
    calls = {(each.function, tuple(sorted(each.arguments.items(), key=str))): each for each in reversed(found)}
    return tuple(reversed(calls.values()))


def _greatest(parameter: Parameter) -> Choice:
    """The greatest value of a parameter; the last choice, if a choice is no number."""
    if not isinstance(parameter, CategoricalParameter):
        return parameter.high
    numbers = [each for each in parameter.choices if isinstance(each, int | float)]
    return max(numbers) if len(numbers) == len(parameter.choices) else parameter.choices[-1]


def _of_function(bars: Bars, features: FeatureConfig) -> LeakReport:
    """The exact test of the function."""
    call = FeatureCall(features)
    return check_function(bars, call, window=features.function_window, fresh=call.in_new_module)


def _of_book(bars: Bars, config: OrderBookConfig) -> LeakReport:
    """The exact test of the features of order books."""
    return check_function(bars, lambda part: dict(order_book_features(part, config)), window=config.longest_window)


def _before_test(study: StudySpec, bars: Bars, data: DataConfig) -> Bars:
    """The bars of train and validation, and those between them."""
    warm_up = warm_up_of(bars, data, longest_windows(study).features)
    return cut(bars, 0, split(bars.time, data.split, warm_up).validation.stop)


def _of_columns(instrument: str, bars: Bars, features: FeatureConfig, proved: set[str]) -> LeakReport:
    """The statistical test of one instrument's columns, features of order books, and the function's results.

    Columns with a proof are left out.
    """
    returned: Mapping[str, FloatArray] = {} if features.function is None else FeatureCall(features)(bars)
    book = dict(order_book_features(bars, features.order_book))
    columns = {name: values for name, values in {**bars.columns, **book, **returned}.items() if name not in proved}
    return _of_instrument(instrument, check_columns(bars, columns))


def _of_instrument(instrument: str, report: LeakReport) -> LeakReport:
    """The report with the name of the instrument in its findings."""
    return replace(report, findings=tuple(replace(each, instrument=instrument) for each in report.findings))


def _joined(reports: list[LeakReport]) -> LeakReport:
    """One report. A column with the same finding from several calls is named once."""
    findings: dict[tuple[str, str, str], LeakFinding] = {}
    for each in (finding for report in reports for finding in report.findings):
        findings.setdefault((each.column, each.kind, each.instrument), each)
    return LeakReport(
        findings=tuple(findings.values()),
        tested=tuple(dict.fromkeys(name for report in reports for name in report.tested)),
        untested=tuple(dict.fromkeys(each for report in reports for each in report.untested)),
        calls=sum(report.calls for report in reports),
    )
