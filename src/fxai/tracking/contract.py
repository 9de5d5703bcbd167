"""What a tracker does with what happens in a study."""

from typing import Protocol

from fxai.protocol import Report
from fxai.protocol.tracker_messages import StudyBeganMessage, StudyEndedMessage, TrialBeganMessage, TrialEndedMessage


class Parent(Protocol):
    """Who hears of it; from any thread."""

    def say(self, notice: str) -> None:
        """Tell the user something; the tracker's name goes before it."""

    def recorded(self) -> None:
        """One more trial that has ended is recorded whole."""


class TrackerError(Exception):
    """Why a tracker cannot go on, in words for its user. Anything else that it raises ends it too."""


class Runs(Protocol):
    """The runs of one study at a tracker."""

    def study_began(self, study: StudyBeganMessage) -> None:
        """Comes first."""

    def trial_began(self, trial: TrialBeganMessage) -> None:
        """A run begins; a trial that is run again has a new one."""

    def reported(self, report: Report) -> None:
        """May be kept until `flush` or the trial's end."""

    def flush(self) -> None:
        """Nothing else is to be done now."""

    def trial_ended(self, trial: TrialEndedMessage) -> None:
        """Its run is closed."""

    def study_ended(self, study: StudyEndedMessage) -> None:
        """Comes last; whatever is open is closed, and all is written when this returns."""
