"""`fxai check SPEC...`: mistakes and questionable settings in specs."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from fxai.cli.completion import complete_spec
from fxai.cli.data_options import origin_text
from fxai.cli.error_message import error_message
from fxai.cli.leak_lines import as_json as leaks_as_json
from fxai.cli.leak_lines import lines_of as leak_lines_of
from fxai.cli.options import AsJson
from fxai.cli.output import print_json, print_text, stdout
from fxai.cli.plan import check_data
from fxai.cli.trial_run import as_json as trial_as_json
from fxai.cli.trial_run import completed, lines_of
from fxai.errors import DataError, FxaiError, InputError, SpecError
from fxai.formatting import counted, legible
from fxai.spec.checks.advice import advice
from fxai.spec.checks.winner_checks import after_search, with_winner_defaults
from fxai.spec.reading.find_spec import find_spec
from fxai.spec.reading.load import spec_with_remarks
from fxai.spec.search.first_trial import first_trial_notes
from fxai.spec.search.study import Spec, StudySpec
from fxai.spec.yaml.yaml_source import read_yaml
from fxai.study.check_bars import check_bars
from fxai.study.check_features import feature_names
from fxai.study.check_leaks import StudyLeaks, check_leaks
from fxai.study.holding_costs import holding_cost_advice
from fxai.study.interrupts import stop_on_signals
from fxai.study.memory_need import memory_advice
from fxai.study.stop_signal import StopSignal
from fxai.study.try_trial import TriedTrial, try_trial

_FAILED = 1
_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Checked:
    """Result of the check of one spec: its studies with remarks, or the error."""

    name: str
    file: Path = Path()
    studies: Sequence[StudySpec] = ()
    remarks: Sequence[Sequence[str]] = ()  # of each study: values that YAML reads as another type than it seems
    error: FxaiError | None = None


def check(
    specs: Annotated[
        list[str],
        typer.Argument(
            metavar="SPEC", help="Files, or names of shipped specs.", show_default=False, autocompletion=complete_spec
        ),
    ],
    *,
    try_one: Annotated[
        bool, typer.Option("--try", help="Run one trial of each study on the smallest budget and print its result.")
    ] = False,
    leaks: Annotated[
        bool, typer.Option("--leaks", help="Test your columns, features and positions for later bars.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check specs for mistakes and questionable settings.

    Prints every mistake with its line. The exit code is 2 if a spec has a mistake.

    --leaks computes the function of data.features, or of an objective that returns positions, again from cut and
    changed bars, which proves a use of later bars: the exit code is 2. It also tests what columns tell about the next
    bars: a suspicious one is a warning.

    --try runs trial 0 of each study: FxAI's agents for one update, your own code unchanged. It writes nothing to
    the database or to the results folder. The exit code is 1 if a trial fails.
    """
    checked = [_checked(name) for name in specs]
    with stop_on_signals() if try_one else nullcontext() as stop:
        tries, tests = _Tries(stop), _LeakTests(wanted=leaks)
        if as_json:
            print_json([_as_json(each, tries, tests) for each in checked])
        else:
            for each in checked:
                _print_checked(each, tries, tests)
    if tests.found_fault or any(each.error for each in checked):
        raise typer.Exit(InputError.exit_code)
    if tries.exit_code:
        raise typer.Exit(tries.exit_code)


class _Tries:
    """Runs a trial of each study for `--try`; without a stop signal, none."""

    def __init__(self, stop: StopSignal | None) -> None:
        self._stop = stop
        self.exit_code = 0

    @property
    def wanted(self) -> bool:
        return self._stop is not None

    def of(self, study: StudySpec) -> TriedTrial | None:
        """Run trial 0 of a study. Returns None without `--try`; exits the program after Ctrl-C."""
        if self._stop is None:
            return None
        tried = try_trial(study, self._stop)
        if tried is None:
            raise typer.Exit(_INTERRUPTED)
        if not completed(tried):
            self.exit_code = _FAILED
        return tried


class _LeakTests:
    """Tests each study for `--leaks`."""

    def __init__(self, *, wanted: bool) -> None:
        self.wanted = wanted
        self.found_fault = False

    def of(self, study: StudySpec, file: Path) -> StudyLeaks | None:
        """Test a study. Returns None without `--leaks`, or if its data are not on this machine."""
        if not self.wanted:
            return None
        try:
            check_data(study, file)
        except DataError:  # a warning names it
            return None
        found = check_leaks(study)
        self.found_fault = self.found_fault or found.is_fault
        return found


def _checked(name: str) -> Checked:
    try:
        file = find_spec(name)
        spec, remarks = spec_with_remarks(read_yaml(file))
        _check_bars(spec, file)
        return Checked(name, file, spec.studies, remarks)
    except InputError as error:
        return Checked(name, error=error)


def _check_bars(spec: Spec, file: Path) -> None:
    """Check the bars of each study. Data that are not on this machine are not checked; a warning names them."""
    for study in spec.studies:
        try:
            check_data(study, file)
        except DataError:
            continue
        check_bars(study)
        feature_names(study)


def _print_checked(checked: Checked, tries: _Tries, tests: _LeakTests) -> None:
    if checked.error is not None:
        typer.echo(error_message(checked.error), err=True)
        return
    print_text(stdout(), f"{legible(checked.name)}: valid")
    for study, remarks in zip(checked.studies, checked.remarks, strict=True):
        parameters, trials = counted(len(study.parameters), "parameter"), counted(study.n_trials, "trial")
        print_text(stdout(), f"  {study.study_name}: {parameters}, {trials}")
        print_text(stdout(), *(f"    warning: {legible(line)}" for line in (*remarks, *_warnings(study, checked.file))))
        print_text(stdout(), *(f"    note: {legible(line)}" for line in _notes(study)))
        if (leaks := tests.of(study, checked.file)) is not None:
            print_text(stdout(), *(f"    {line}" for line in leak_lines_of(leaks)))
        if tries.wanted:
            print_text(stdout(), "    running trial 0 (Ctrl-C to stop)")
        if (tried := tries.of(study)) is not None:
            print_text(stdout(), *(f"    {line}" for line in lines_of(study, tried)))


def _warnings(study: StudySpec, file: Path) -> Sequence[str]:
    warnings = (*memory_advice(study), *advice(study), *holding_cost_advice(study))
    try:
        check_data(study, file)
    except DataError as error:
        return (str(error), *warnings)
    return warnings


def _notes(study: StudySpec) -> Sequence[str]:
    return (*_feature_notes(study), *first_trial_notes(study), *after_search(with_winner_defaults(study)))


def _feature_notes(study: StudySpec) -> Sequence[str]:
    """A note on features that are no built-in ones, if the data are on this machine."""
    try:
        origins = feature_names(study)
    except DataError:
        return ()
    return (f"Features: {origin_text(origins)}.",) if origins else ()


def _as_json(checked: Checked, tries: _Tries, tests: _LeakTests) -> dict[str, JsonValue]:
    return {
        "spec": checked.name,
        "sound": checked.error is None,
        "problems": _problems(checked.error),
        "studies": [
            _study_as_json(study, (*remarks, *_warnings(study, checked.file)), tries, tests.of(study, checked.file))
            for study, remarks in zip(checked.studies, checked.remarks, strict=True)
        ],
    }


def _problems(error: FxaiError | None) -> list[JsonValue]:
    if isinstance(error, SpecError):
        return [{"line": each.line, "key": each.key, "message": each.message} for each in error.problems]
    return [] if error is None else [{"line": None, "key": "", "message": str(error)}]


def _study_as_json(
    study: StudySpec, warnings: Sequence[str], tries: _Tries, leaks: StudyLeaks | None
) -> dict[str, JsonValue]:
    tried = tries.of(study)
    return {
        "study_name": study.study_name,
        "parameters": len(study.parameters),
        "n_trials": study.n_trials,
        "warnings": list(warnings),
        "notes": list(_notes(study)),
        **({} if leaks is None else {"leaks": leaks_as_json(leaks)}),
        **({} if tried is None else {"tried": trial_as_json(tried)}),
    }
