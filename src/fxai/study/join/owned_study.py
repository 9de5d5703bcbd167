"""A study that several runs have joined, as the run that owns it sees it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fxai.pool.remote.link import HostSource
from fxai.search.study_lease import StudyLease
from fxai.study.events import StudyEvent
from fxai.study.join.host_process import HostProcess


@dataclass(frozen=True, slots=True)
class OwnedStudy:
    """What a run with `--join` has while it owns the study."""

    lease: StudyLease
    source: HostSource  # the hosts of all runs, of this one too
    own_host: HostProcess

    def checked(self, events: Iterable[StudyEvent]) -> Iterator[StudyEvent]:
        """The events.

        Raises:
            LeaseLostError: Another run has taken the study over.
        """
        for event in events:
            self.lease.check()
            yield event

    def close(self) -> None:
        """Release the study: end this run's workers, let no other host join, and release the lease."""
        self.own_host.end()
        self.source.close()
        self.lease.close()
