"""Applies the transfer file in a study's results folder to the study before it runs.

Also keeps the embargo of a study that has begun, and the form of texts that look like lists (`stored_parts.py`), and
sets the defaults that depend on several fields: the embargo, `confirm` and `verdict`.
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
from fxai.spec.checks.earlier_texts import earlier_texts
from fxai.spec.checks.stored_parts import with_stored_parts
from fxai.spec.checks.winner_checks import with_winner_defaults
from fxai.spec.reading.transfer_spec import SourceStudy, TransferSpec, apply_transfer
from fxai.spec.search.embargo import with_embargo
from fxai.spec.search.study import StudySpec
from fxai.study.replay.open_replay import Recording, replaying


@dataclass(frozen=True, slots=True)
class LoadedTransfer:
    """A study as it will run, with its transfer applied."""

    study: StudySpec
    notices: tuple[str, ...] = ()
    transfer_spec: TransferSpec | None = None
    recording: Recording | None = None  # the decisions that the study repeats


def load_transfer(
    study: StudySpec,
    results_dir: Path,
    settings: Collection[str] = (),
    recording: Recording | None = None,
    *,
    fresh: bool = False,
) -> LoadedTransfer:
    """The study with its transfer applied, if it has one.

    Args:
        study: the study of the spec.
        results_dir: folder of results, in which the study has a folder of its own.
        settings: keys that options of the command line set. They override the transfer.
        recording: decisions of another run. The study is then the one that repeats them.
        fresh: the study starts anew. Otherwise its embargo and texts that look like lists stay as the study began.
    """
    loaded = _with_transfer(study, results_dir, settings)
    loaded = loaded if fresh else _as_begun(loaded)
    if recording is not None:
        loaded = replace(loaded, study=replaying(loaded.study, recording), recording=recording)
    return replace(loaded, study=with_winner_defaults(with_embargo(loaded.study)))


def _as_begun(loaded: LoadedTransfer) -> LoadedTransfer:
    study = loaded.study
    try:
        with stored_study(study.storage, study.study_name) as stored:
            begun = with_stored_parts(study, stored.user_attrs.get(FINGERPRINT) or {})
    except InputError:  # there is no such study yet; other errors are raised again when the study is opened
        return loaded
    return replace(loaded, study=begun, notices=(*loaded.notices, *earlier_texts(study, begun)))


def _with_transfer(study: StudySpec, results_dir: Path, settings: Collection[str]) -> LoadedTransfer:
    path = StudyPaths(results_dir, study.study_name).transfer
    transfer_spec = read_transfer(path)
    if transfer_spec is None:
        return LoadedTransfer(study)
    transfer_spec = transfer_spec.without({key.removeprefix("training_config.") for key in settings})
    made = apply_transfer(
        study, transfer_spec, f"{path} (written for another version of the spec? transfer again, or delete it)"
    )
    return LoadedTransfer(made, (*describe_transfer(transfer_spec), *_stale(study, transfer_spec, path)), transfer_spec)


def describe_transfer(transfer_spec: TransferSpec) -> Iterator[str]:
    """Describes a transfer, with one line for each kind of what it transfers."""
    source = transfer_spec.source
    yield f"Takes over from {source.study_name}, trial {source.best_trial} ({_best(source)}):"
    if transfer_spec.fixed:
        yield f"  trains with {assignments(transfer_spec.fixed)}"
    if transfer_spec.dropped:
        dropped = ", ".join(transfer_spec.dropped)
        yield f"  does not search, since their importance in the source is not above chance: {dropped}"
    for each in transfer_spec.narrowed:
        choices = each.choices
        within = f"{figure(each.low)} to {figure(each.high)}" if choices is None else ", ".join(map(figure, choices))
        yield f"  searches {each.name} within {within}"
    if transfer_spec.enqueue:
        yield f"  tries {counted(len(transfer_spec.enqueue), 'trial')} of the source first"
    if transfer_spec.warm:
        yield f"  uses {counted(transfer_spec.warm, 'trial')} of the source for the sampler only"


def _best(source: SourceStudy) -> str:
    return number_text(source.metric, source.best_value, source.standard_error, trading=source.trading)


def _stale(study: StudySpec, transfer_spec: TransferSpec, path: Path) -> Iterator[str]:
    """A notice if the source has changed since the transfer."""
    then = transfer_spec.source
    try:
        stored = load_study(source_url(then, study.storage), then.study_name)
        now = source_of(StudyRecord.of(stored), then.storage)
    except InputError:
        yield f"  {then.study_name} is no longer in {then.storage}; the transfer stays as it was written"
        return
    then = then.model_copy(update={"metric": now.metric, "trading": now.trading})  # an earlier release left them out
    if now != then:
        yield (
            f"  {then.study_name} has changed since (then {counted(then.finished, 'trial')}, now {now.finished}; "
            f"best then {_best(then)}, now {_best(now)}); run fxai transfer again to update {path}, "
            "or delete that file to undo the transfer"
        )
