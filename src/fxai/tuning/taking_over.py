"""What a study that is to run takes over from an earlier one, by the overlay that lies beside its results."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from fxai.errors import InputError
from fxai.results.overlay_file import load_overlay
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord
from fxai.results.transfer import source_of
from fxai.search.source_url import source_url
from fxai.search.studies import load_study
from fxai.spec.overlay import Overlay, applied
from fxai.spec.study import StudySpec
from fxai.tuning.replaying import Recording
from fxai.wording import assignments, counted, figure


@dataclass(frozen=True, slots=True)
class TakingOver:
    """A study as it will run, and what there is to say of it."""

    study: StudySpec
    notices: tuple[str, ...] = ()
    overlay: Overlay | None = None
    recording: Recording | None = None  # the decisions that it repeats


def taking_over(study: StudySpec, results_dir: Path, settings: Collection[str] = ()) -> TakingOver:
    """The study with its overlay applied, if it has one; `settings` of the command line go before it."""
    path = StudyPaths(results_dir, study.study_name).transfer
    overlay = load_overlay(path)
    if overlay is None:
        return TakingOver(study)
    overlay = overlay.without({key.removeprefix("training_config.") for key in settings})
    made = applied(study, overlay, f"{path} (written for another version of the spec? transfer again, or delete it)")
    return TakingOver(made, (*told(overlay), *_stale(study, overlay, path)), overlay)


def told(overlay: Overlay) -> Iterator[str]:
    """What is taken over, a line for each kind."""
    source = overlay.source
    yield f"Takes over from {source.study_name}, trial {source.best_trial} ({figure(source.best_value)}):"
    if overlay.fixed:
        yield f"  trains with {assignments(overlay.fixed)}"
    if overlay.dropped:
        yield f"  searches no more, as they do not stand out: {', '.join(overlay.dropped)}"
    for each in overlay.narrowed:
        choices = each.choices
        within = f"{figure(each.low)} to {figure(each.high)}" if choices is None else ", ".join(map(figure, choices))
        yield f"  searches {each.name} within {within}"
    if overlay.enqueue:
        yield f"  tries first {counted(len(overlay.enqueue), 'trial')} of it"
    if overlay.warm:
        yield f"  learns from {counted(overlay.warm, 'trial')} of it, which count for nothing else"


def _stale(study: StudySpec, overlay: Overlay, path: Path) -> Iterator[str]:
    """Whether the source has changed since."""
    then = overlay.source
    try:
        stored = load_study(source_url(then, study.storage), then.study_name)
        now = source_of(StudyRecord.of(stored), then.storage)
    except InputError:
        yield f"  {then.study_name} is no longer in {then.storage}; what was taken over stays as it was"
        return
    if now != then:
        yield (
            f"  {then.study_name} has changed since (then {counted(then.finished, 'trial')}, now {now.finished}; "
            f"best then {figure(then.best_value)}, now {figure(now.best_value)}); fxai transfer takes it over anew, "
            f"deleting {path} undoes it"
        )
