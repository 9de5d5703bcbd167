"""What a study that is to run takes over: an earlier study's, by the overlay beside its results, and its own.

Its own is the form of texts that look like lists, where the study began in an earlier release (`earlier_texts.py`).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from fxai.errors import InputError
from fxai.formatting import assignments, counted, figure
from fxai.metric_text import number_text
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord
from fxai.results.transfer import source_of
from fxai.results.transfer_file import read_transfer
from fxai.search.attributes import FINGERPRINT
from fxai.search.source_url import source_url
from fxai.search.studies import load_study, stored_study
from fxai.spec.checks.earlier_texts import earlier_texts, with_stored_lists
from fxai.spec.reading.transfer_spec import SourceStudy, TransferSpec, applied
from fxai.spec.search.study import StudySpec
from fxai.study.replay.open_replay import Recording, replaying


@dataclass(frozen=True, slots=True)
class LoadedTransfer:
    """A study as it will run, and what there is to say of it."""

    study: StudySpec
    notices: tuple[str, ...] = ()
    transfer_spec: TransferSpec | None = None
    recording: Recording | None = None  # the decisions that it repeats


def load_transfer(
    study: StudySpec,
    results_dir: Path,
    settings: Collection[str] = (),
    recording: Recording | None = None,
    *,
    fresh: bool = False,
) -> LoadedTransfer:
    """The study with its overlay applied, if it has one; `settings` of the command line go before it.

    Unless it is to start `fresh`, texts that look like lists have the form in which the study began. With a recording
    the study is the one that repeats the recorded decisions.
    """
    taking = _with_overlay(study, results_dir, settings)
    taking = taking if fresh else _as_begun(taking)
    return (
        taking if recording is None else replace(taking, study=replaying(taking.study, recording), recording=recording)
    )


def _as_begun(taking: LoadedTransfer) -> LoadedTransfer:
    study = taking.study
    try:
        with stored_study(study.storage, study.study_name) as stored:
            begun = with_stored_lists(study, stored.user_attrs.get(FINGERPRINT) or {})
    except InputError:  # there is no such study yet; what else is wrong is said where the study is opened
        return taking
    return replace(taking, study=begun, notices=(*taking.notices, *earlier_texts(study, begun)))


def _with_overlay(study: StudySpec, results_dir: Path, settings: Collection[str]) -> LoadedTransfer:
    path = StudyPaths(results_dir, study.study_name).transfer
    transfer_spec = read_transfer(path)
    if transfer_spec is None:
        return LoadedTransfer(study)
    transfer_spec = transfer_spec.without({key.removeprefix("training_config.") for key in settings})
    made = applied(
        study, transfer_spec, f"{path} (written for another version of the spec? transfer again, or delete it)"
    )
    return LoadedTransfer(made, (*told(transfer_spec), *_stale(study, transfer_spec, path)), transfer_spec)


def told(transfer_spec: TransferSpec) -> Iterator[str]:
    """What is taken over, a line for each kind."""
    source = transfer_spec.source
    yield f"Takes over from {source.study_name}, trial {source.best_trial} ({_best(source)}):"
    if transfer_spec.fixed:
        yield f"  trains with {assignments(transfer_spec.fixed)}"
    if transfer_spec.dropped:
        yield f"  searches no more, as they do not stand out: {', '.join(transfer_spec.dropped)}"
    for each in transfer_spec.narrowed:
        choices = each.choices
        within = f"{figure(each.low)} to {figure(each.high)}" if choices is None else ", ".join(map(figure, choices))
        yield f"  searches {each.name} within {within}"
    if transfer_spec.enqueue:
        yield f"  tries first {counted(len(transfer_spec.enqueue), 'trial')} of it"
    if transfer_spec.warm:
        yield f"  learns from {counted(transfer_spec.warm, 'trial')} of it, which count for nothing else"


def _best(source: SourceStudy) -> str:
    return number_text(source.metric, source.best_value, source.standard_error, trading=source.trading)


def _stale(study: StudySpec, transfer_spec: TransferSpec, path: Path) -> Iterator[str]:
    """Whether the source has changed since."""
    then = transfer_spec.source
    try:
        stored = load_study(source_url(then, study.storage), then.study_name)
        now = source_of(StudyRecord.of(stored), then.storage)
    except InputError:
        yield f"  {then.study_name} is no longer in {then.storage}; what was taken over stays as it was"
        return
    then = then.model_copy(update={"metric": now.metric, "trading": now.trading})  # an earlier release left them out
    if now != then:
        yield (
            f"  {then.study_name} has changed since (then {counted(then.finished, 'trial')}, now {now.finished}; "
            f"best then {_best(then)}, now {_best(now)}); fxai transfer takes it over anew, "
            f"deleting {path} undoes it"
        )
