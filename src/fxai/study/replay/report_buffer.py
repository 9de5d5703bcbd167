"""What a trial's worker has said, and how much of it the loop has heard."""

from dataclasses import dataclass, field

from fxai.protocol import Decision, Report, TrialResult

Word = Report | TrialResult


@dataclass(slots=True)
class ReportBuffer:
    """A trial on its worker. The loop may hear it from the beginning again while the worker goes on."""

    words: list[Word] = field(default_factory=list)
    heard: int = 0  # by the loop, since it last began the trial
    answered: int = 0  # reports whose decision the worker has
    verdict: Decision = Decision.CONTINUE  # how the loop ended it at a report that the worker is past
    follows: bool = True  # the recorded order

    @property
    def next(self) -> Word | None:
        """What the loop has not heard yet."""
        return self.words[self.heard] if self.heard < len(self.words) else None

    def hear(self) -> None:
        self.heard += 1

    def take(self, decision: Decision) -> bool:
        """The loop's decision on what it heard last; whether the worker waits for it.

        A worker may be past that report. What ends the trial is then its answer to the report at which it is, and
        what it has reported beyond is heard by nobody.
        """
        waits = self.heard > self.answered
        self.answered = max(self.answered, self.heard)
        if decision is Decision.CONTINUE:
            return waits
        self.verdict = decision
        waits = waits or len(self.words) > self.answered
        self.words[self.heard :] = [word for word in self.words[self.heard :] if isinstance(word, TrialResult)]
        return waits

    def begin_again(self) -> None:
        self.heard = 0
