"""The contract of a tracker: methods for the events of a study."""

from typing import Protocol

from fxai.protocol import Report
from fxai.protocol.tracker_messages import StudyBeganMessage, StudyEndedMessage, TrialBeganMessage, TrialEndedMessage


class Parent(Protocol):
    """Receives messages of a tracker; may be called from any thread."""

    def send_notice(self, notice: str) -> None:
        """Show the user a message, which is the predicate of a sentence about the tracker."""

    def recorded(self) -> None:
        """One more ended trial is recorded completely."""


class TrackerError(Exception):
    """An error of a tracker with a message for the user. Other exceptions end the tracker too."""


class Runs(Protocol):
    """The runs of one study in a tracker."""

    def study_began(self, study: StudyBeganMessage) -> None:
        """The first event."""

    def trial_began(self, trial: TrialBeganMessage) -> None:
        """A run begins; each attempt of a trial has a new run."""

    def reported(self, report: Report) -> None:
        """A report; it may be buffered until `flush` or the end of the trial."""

    def flush(self) -> None:
        """Called when no further message waits."""

    def trial_ended(self, trial: TrialEndedMessage) -> None:
        """The trial's run is closed."""

    def study_ended(self, study: StudyEndedMessage) -> None:
        """The last event; open runs are closed, and everything is written when the method returns."""
