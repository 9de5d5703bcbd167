"""Mirrors a study whose results are at a URL, and adds the mirror's warnings to the study's events."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from fxai.mirror.run_mirror import RunMirror, mirrored_run
from fxai.results.paths import StudyPaths
from fxai.spec.search.study import StudySpec
from fxai.study.events import Notice, StudyEnded, StudyEvent
from fxai.study.stop_signal import StopSignal, Urgency
from fxai.study.write_results import StudyOutcome


class StudyMirror:
    """The mirror of a study, which does nothing for results in a folder."""

    def __init__(self, mirror: RunMirror | None, stop: StopSignal) -> None:
        self._mirror, self._stop = mirror, stop

    def events(self, events: Iterable[StudyEvent]) -> Iterator[StudyEvent]:
        """The events, with the warnings of the mirror."""
        if self._mirror is None:
            yield from events
            return
        for event in events:
            if not isinstance(event, StudyEnded):
                yield event
            yield from (Notice(message, warns=True) for message in self._mirror.messages())
            if isinstance(event, StudyEnded):
                yield event

    @property
    def notices(self) -> tuple[str, ...]:
        return () if self._mirror is None else self._mirror.notices

    def uploaded(self, outcome: StudyOutcome) -> StudyOutcome:
        """The outcome after the last upload. Results that the store does not have count as not written."""
        fault = None if self._mirror is None else self._mirror.end(lambda: self._stop.urgency is Urgency.NOW)
        if fault is None:
            return outcome
        return replace(outcome, warnings=(*outcome.warnings, fault), results_written=False)


@contextmanager
def mirrored(study: StudySpec, paths: StudyPaths, stop: StopSignal) -> Iterator[StudyMirror]:
    """Mirror the study's folder during a block. The caller holds the study's locks."""
    with mirrored_run(
        paths.results_folder, study.study_name, study.storage, lambda: stop.urgency is Urgency.NOW
    ) as mirror:
        yield StudyMirror(mirror, stop)
