"""Where a study's files lie: `<results_dir>/<study>/` and everything below it."""

import re
from dataclasses import dataclass
from pathlib import Path

from fxai.errors import InputError
from fxai.protocol import TrialPaths
from fxai.spec.fields.environment import expanded_path

BEST_AGENT = "best_agent.safetensors"
IDENTITY = ".identity.json"  # hidden, as it is no result
TEST_LOOKS = "test_looks.jsonl"
_LONGEST_NAME = 200  # bytes; file systems end at 255, and the longest suffix is added to it


@dataclass(frozen=True, slots=True)
class StudyPaths:
    """All paths of one study. The name may come from a database, so it is checked before it is a path."""

    results_dir: Path
    study: str

    def __post_init__(self) -> None:
        if fault := folder_fault(self.study):
            raise InputError(fault)

    @property
    def directory(self) -> Path:
        return self.results_folder / self.study

    @property
    def results_folder(self) -> Path:
        """`results_dir`, which may name environment variables, as the file system has it."""
        return expanded_path(self.results_dir)

    @property
    def best_params(self) -> Path:
        return self.directory / "best_params.json"

    @property
    def results(self) -> Path:
        return self.directory / f"{self.study}_results.json"

    @property
    def best_config(self) -> Path:
        return self.directory / f"{self.study}_best_config.yaml"

    @property
    def pareto_front(self) -> Path:
        """The trials of a study of several objectives that no other beats in all of them."""
        return self.directory / "pareto_front.json"

    @property
    def spec(self) -> Path:
        """The study's spec as it ran, whole."""
        return self.directory / "spec.yaml"

    @property
    def identity(self) -> Path:
        """Which study the files of the folder are of, among those of its name."""
        return self.directory / IDENTITY

    @property
    def importances(self) -> Path:
        return self.directory / "importances.json"

    @property
    def best_agent(self) -> Path:
        return self.directory / BEST_AGENT

    @property
    def track_record(self) -> Path:
        """What the best agent did on the validation split, bar by bar."""
        return self.directory / "best_agent_validation.json"

    @property
    def report(self) -> Path:
        """All that there is to see of the study, on one page."""
        return self.directory / "report.html"

    @property
    def index_row(self) -> Path:
        """What the index page of the results folder says of the study."""
        return self.directory / ".index.json"

    @property
    def test_looks(self) -> Path:
        """How often an agent of the study was scored on the test split; see `track_files.note_test_look`."""
        return self.directory / TEST_LOOKS

    @property
    def transfer(self) -> Path:
        """What the study takes over from another; `fxai transfer` writes it, `fxai run` applies it."""
        return self.directory / "transfer.yaml"

    @property
    def decisions(self) -> Path:
        """The order in which the study's trials were asked, decided and told; `fxai run --replay` repeats it."""
        return self.directory / "decisions.jsonl"

    @property
    def engine(self) -> Path:
        """The folder with a training engine of the user's own, which `HPOptimizer` leaves for the workers."""
        return self.directory / "engine"

    @property
    def export(self) -> Path:
        """What `fxai export` makes for others."""
        return self.directory / "export"

    @property
    def trained(self) -> Path:
        """Where the commands of the report train the study's best trials in full."""
        return self.directory / "trained"

    @property
    def trials(self) -> Path:
        return self.directory / "trials"

    @property
    def logs(self) -> Path:
        """Logs of the workers; a trial's own log lies in its folder."""
        return self.directory / "logs"

    def trial(self, number: int) -> TrialPaths:
        return TrialPaths.of(self.trials, number)

    def plot(self, name: str, metric: str | None = None) -> Path:
        """The page of one plot, e.g. "optimization_history"; by another metric than the study's, in its own folder."""
        if metric is None:
            return self.directory / f"{name}.html"
        return self.directory / f"by_{re.sub(r'[^A-Za-z0-9_.-]', '_', metric)}" / f"{name}.html"


def folder_fault(study: str) -> str | None:
    """Why a study of this name can have no folder of results; None where it can. Other programs name studies freely."""
    if fault := _fault_of(study):
        return (
            f"the study name {study!r} cannot name a results folder: it {fault}; "
            "rename the study (letters, digits, '_', '-' and '.' always work)"
        )
    return None


def _fault_of(name: str) -> str | None:
    if not name or name != name.strip():
        return "is empty, or begins or ends with a space"
    if name.startswith("."):
        return "begins with a dot"
    if "/" in name or "\\" in name:
        return "contains a path separator"
    if not name.isprintable():
        return "contains characters that cannot be printed"
    if len(name.encode()) > _LONGEST_NAME:
        return f"is longer than {_LONGEST_NAME} bytes"
    return None
