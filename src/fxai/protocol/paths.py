"""Where a trial's files lie."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TrialPaths:
    """All paths of one trial, below its own folder."""

    directory: Path

    @classmethod
    def of(cls, trials_directory: Path, number: int) -> "TrialPaths":
        return cls(trials_directory / f"{number:05d}")

    @property
    def log(self) -> Path:
        return self.directory / "trial.log"

    @property
    def checkpoint(self) -> Path:
        """Written at each report, removed when the trial ends."""
        return self.directory / "checkpoint.safetensors"

    def inherited(self, step: int) -> Path:
        """The checkpoint of another trial from which it goes on since that step."""
        return self.directory / f"inherited-{step}.safetensors"

    def drop_inherited(self, *, but: int | None = None) -> None:
        """Remove those that it went on from, but for that of one step."""
        for path in self.directory.glob("inherited-*.safetensors"):
            if but is None or path != self.inherited(but):
                path.unlink(missing_ok=True)

    @property
    def checkpoint_dir(self) -> Path:
        """What an objective of the user's own keeps; for the best `keep_best_n` trials also when they have ended."""
        return self.directory / "checkpoint"

    @property
    def reports(self) -> Path:
        """The reports of such an objective so far, removed when the trial ends."""
        return self.directory / "reports.jsonl"

    @property
    def request(self) -> Path:
        """What a command is given to read: its parameters and all else of the trial."""
        return self.directory / "request.json"

    @property
    def identity(self) -> Path:
        """Which trial the files of the folder belong to, removed when the trial ends; see `identity.py`."""
        return self.directory / "identity.json"

    @property
    def left(self) -> tuple[Path, ...]:
        """All that a trial may leave in its folder."""
        files = (self.identity, self.checkpoint, self.checkpoint_dir, self.reports, self.request, self.agent, self.log)
        return (*files, *sorted(self.directory.glob("inherited-*.safetensors")))

    @property
    def agent(self) -> Path:
        """What was trained; kept for the best `keep_best_n` trials."""
        return self.directory / "agent.safetensors"
