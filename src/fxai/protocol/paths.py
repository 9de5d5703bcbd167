"""Paths of a trial's files."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TrialPaths:
    """Paths of one trial, in its folder."""

    directory: Path

    @classmethod
    def of(cls, trials_directory: Path, number: int) -> "TrialPaths":
        return cls(trials_directory / f"{number:05d}")

    @property
    def log(self) -> Path:
        return self.directory / "trial.log"

    @property
    def checkpoint(self) -> Path:
        """Written at each report, removed at the end of the trial."""
        return self.directory / "checkpoint.safetensors"

    def inherited(self, step: int) -> Path:
        """Checkpoint of another trial from which this trial continues since `step`."""
        return self.directory / f"inherited-{step}.safetensors"

    def drop_inherited(self, *, but: int | None = None) -> None:
        """Remove inherited checkpoints, except that of step `but`."""
        for path in self.directory.glob("inherited-*.safetensors"):
            if but is None or path != self.inherited(but):
                path.unlink(missing_ok=True)

    @property
    def checkpoint_dir(self) -> Path:
        """Files of a custom objective; kept after the end for the best `keep_best_n` trials."""
        return self.directory / "checkpoint"

    @property
    def reports(self) -> Path:
        """Reports of a custom objective so far; removed at the end of the trial."""
        return self.directory / "reports.jsonl"

    @property
    def returns(self) -> Path:
        """Returns of the trial's agents on each bar of the last evaluation; kept."""
        return self.directory / "returns.safetensors"

    @property
    def train_returns(self) -> Path:
        """Returns of the trial's agents on each bar of their training, if its request wants them."""
        return self.directory / "train_returns.safetensors"

    @property
    def request(self) -> Path:
        """Input of a command: its parameters and other data of the trial."""
        return self.directory / "request.json"

    @property
    def identity(self) -> Path:
        """Identity of the trial that the files belong to, removed at the end of the trial; see `identity.py`."""
        return self.directory / "identity.json"

    @property
    def left(self) -> tuple[Path, ...]:
        """All files that a trial may write into its folder."""
        files = (self.identity, self.checkpoint, self.checkpoint_dir, self.reports, self.request, self.agent, self.log)
        return (*files, self.returns, self.train_returns, *sorted(self.directory.glob("inherited-*.safetensors")))

    @property
    def agent(self) -> Path:
        """The trained agent, of several seeds their committee; kept for the best `keep_best_n` trials."""
        return self.directory / "agent.safetensors"
