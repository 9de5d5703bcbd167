"""The reports and the result of a trial that its worker has sent, and how many of them the loop has received."""

from dataclasses import dataclass, field
from typing import TypeAlias

from fxai.pool import RunningTrial
from fxai.protocol import Decision, Report, TrialResult

TrialMessage: TypeAlias = Report | TrialResult


@dataclass(slots=True)
class ReportBuffer:
    """A trial on its worker. The loop may receive its messages from the first one again while the worker continues."""

    trained: RunningTrial  # the trial on its worker
    running: RunningTrial  # the trial for the loop
    messages: list[TrialMessage] = field(default_factory=list)
    received: int = 0  # messages that the loop has received since it last began the trial
    follows: bool = True  # whether the trial follows the recorded order

    @property
    def next(self) -> TrialMessage | None:
        """The first message that the loop has not received."""
        return self.messages[self.received] if self.received < len(self.messages) else None

    @property
    def ended_by(self) -> Decision:
        """The loop's decision that ended the trial at a report that the worker may be past; CONTINUE before that."""
        return self.running.decision

    def receive(self, message: TrialMessage) -> None:
        """Note that the loop receives the next message."""
        self.received += 1
        if isinstance(message, Report):
            self.running.reported(message)

    def answer(self, decision: Decision) -> bool:
        """Note the loop's decision on the message that it received last. Returns whether the worker waits for it.

        The worker may be past that report. A decision that ends the trial then answers the worker's last report, and
        the loop receives no report beyond.
        """
        self.running.answered(decision)
        if decision is Decision.CONTINUE:
            return self.trained.waits and self.next is None
        self.messages[self.received :] = [m for m in self.messages[self.received :] if isinstance(m, TrialResult)]
        return self.trained.waits

    def restart(self, running: RunningTrial) -> None:
        """Let the loop run the trial again, as `running`, and receive its messages from the first one."""
        self.received = 0
        self.running = running
