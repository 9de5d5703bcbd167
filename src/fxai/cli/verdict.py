"""`fxai verdict STUDY`: tests the best trial of a study on bars that the search did not use."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from fxai.cli.error_message import warning
from fxai.cli.instrument_tables import print_figures
from fxai.cli.notifying import NotifyCommand, notifying
from fxai.cli.options import DEFAULT_RESULTS_DIR, DEFAULT_STORAGE, AsJson, ResultsDir, StorageUrl, StudyName
from fxai.cli.output import print_json, print_text, stdout
from fxai.cli.watch_fresh_trainings import watch_fresh_trainings
from fxai.evaluation.selection_words import summary
from fxai.formatting import legible
from fxai.results.agent_seeds import study_agent
from fxai.results.files import write_judged_agent
from fxai.results.folder_key import check_folder
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord
from fxai.results.study_verdict import StudyVerdict
from fxai.search.attributes import identity_of
from fxai.search.studies import load_study, stored_study
from fxai.spec.fields.defaults import MAX_SEEDS
from fxai.spec.search.verdict import VerdictConfig
from fxai.study.committees import Committees, judged_study
from fxai.study.interrupts import announce_stop, stop_on_signals
from fxai.study.judge import judge
from fxai.study.open_study import hold
from fxai.study.stored_spec import check_data_unchanged, stored_spec
from fxai.study.study_note import StudyNote, existing
from fxai.study.study_workers import local_slots, open_workers

_INTERRUPTED = 130


def verdict(
    study: StudyName,
    *,
    data: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Other data than the test bars of the training: a file or a named data set."),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=2,
            max=MAX_SEEDS,
            help=f"Agents of each committee, each with a fresh seed. Default: the spec's, or {VerdictConfig().seeds}.",
            show_default=False,
        ),
    ] = None,
    storage: StorageUrl = DEFAULT_STORAGE,
    results_dir: ResultsDir = DEFAULT_RESULTS_DIR,
    notify: NotifyCommand = None,
    as_json: AsJson = False,
) -> None:
    """Test a study's best trial on bars that the search did not use.

    Trains a committee of agents with the parameters of the best trial, and one with those of trial 0, on equal fresh
    seeds. Both trade the test split after costs. The verdict is decided by one-sided 95 % bounds of the mean returns,
    over bars and seeds together. Each look at the same bars makes the bounds wider. The committee of the
    best trial is then the study's agent; a verdict on other data leaves the agent as it is.

    After Ctrl-C, run the same command again to continue the trainings.
    """
    with notifying(notify, "verdict") as notes:
        paths = StudyPaths(results_dir, study)
        found = _judge(paths, data, seeds, storage, as_json=as_json)
        notes.studies.append(
            StudyNote(
                study,
                best_trial=found.trial,
                verdict=found.word_text,
                folder=existing(paths.directory),
                report=existing(paths.report),
                agent=existing(study_agent(paths)),
            )
        )


def _judge(paths: StudyPaths, data: str | None, seeds: int | None, storage: str, *, as_json: bool) -> StudyVerdict:
    """Judge the best trial of a study, write the verdict and print it."""
    study = paths.study
    with stored_study(storage, study) as stored:
        check_folder(paths, stored.user_attrs)
        record, user_attrs = StudyRecord.of_trials(stored, stored.trials()), stored.user_attrs
    spec = stored_spec(paths, storage)
    settings = spec.verdict if isinstance(spec.verdict, VerdictConfig) else VerdictConfig()
    console = stdout()
    with hold(spec, paths):
        judged = judged_study(spec, record, identity_of(user_attrs), on_test_split=data is None)
        committees = Committees(judged, paths, seeds or settings.seeds, settings.neighbours)
        if committees.remaining or data is None:
            check_data_unchanged(spec, user_attrs)
        _train(committees, paths, console, quiet=as_json)
        found = judge(committees, record, paths, data, settings.confidence)
        written: Sequence[Path] = (paths.verdict_on(found.data),)
        if found.split == "test":
            written = (paths.verdict, *write_judged_agent(record, spec, paths), *_write_pages(storage, paths))
    if as_json:
        print_json(found.as_json())
    else:
        _print(found, written, console)
    return found


def _train(committees: Committees, paths: StudyPaths, console: Console, *, quiet: bool) -> None:
    """Train the missing agents. Exits the program after an interruption."""
    if not committees.remaining:
        return
    spec = committees.study.spec
    if not quiet:
        print_text(console, f"Training {committees.remaining_text} on fresh seeds ...")
    with ExitStack() as opened:
        stop = opened.enter_context(stop_on_signals())
        workers = opened.enter_context(open_workers(spec, local_slots(spec), paths.logs)).pool
        watch_fresh_trainings(announce_stop(committees.train(workers, stop), stop), console, quiet=quiet)
    if committees.remaining:
        warning("Interrupted. Run the same command again to continue the trainings.")
        raise typer.Exit(_INTERRUPTED)


def _write_pages(storage: str, paths: StudyPaths) -> Sequence[Path]:
    """Write the report again, if the study has one, and the index page, both with the verdict."""
    from fxai.results.report.index import write_row_and_index  # noqa: PLC0415 - plotly is slow to load
    from fxai.results.report.write import write_report  # noqa: PLC0415

    study = load_study(storage, paths.study)
    report = (write_report(study, paths, storage),) if paths.report.is_file() else ()
    return (*report, *write_row_and_index(study, paths))


def _print(found: StudyVerdict, files: Sequence[Path], console: Console) -> None:
    where = f"{found.data}, {found.split}, {found.first} to {found.last}"
    print_text(console, "", legible(f"{found.study}: trial {found.trial} against trial {found.default} on {where}"))
    lines = (*found.sentences(), *summary(found.selection, found.trial))
    print_text(console, *(f"  {line}" for line in lines))
    if found.instruments:
        print_figures(console, found.instruments)
    print_text(console, "", "Files:", *(f"  {path}" for path in files))
