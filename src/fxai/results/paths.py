"""Paths of a study's files: `<results_dir>/<study>/` and everything below it."""

import re
from dataclasses import dataclass
from pathlib import Path

from fxai.errors import InputError
from fxai.protocol import TrialPaths
from fxai.spec.fields.environment import expanded_path

BEST_AGENT = "best_agent.safetensors"
PLOTLY_SCRIPT = "plotly.min.js"
SIGNAL_AGENT = "best_agent"
IDENTITY = ".identity.json"  # hidden, because it is not a result
TEST_LOOKS = "test_looks.jsonl"
_LONGEST_NAME = 200  # bytes; file systems allow 255, and suffixes are added


@dataclass(frozen=True, slots=True)
class StudyPaths:
    """All paths of one study. Raises `InputError` for a name that cannot be a folder's name."""

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
        """`results_dir` with environment variables expanded."""
        return expanded_path(self.results_dir)

    @property
    def plotly_script(self) -> Path:
        """The script of plotly for the pages of all studies of the results folder."""
        return self.results_folder / PLOTLY_SCRIPT

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
        """Trials of the Pareto front of a study with several objectives."""
        return self.directory / "pareto_front.json"

    @property
    def spec(self) -> Path:
        """The complete spec of the study as it ran."""
        return self.directory / "spec.yaml"

    @property
    def identity(self) -> Path:
        """Key of the study whose files the folder has."""
        return self.directory / IDENTITY

    @property
    def importances(self) -> Path:
        return self.directory / "importances.json"

    @property
    def best_agent(self) -> Path:
        """The agent of the best trial; see `write_best_agent`."""
        return self.directory / BEST_AGENT

    @property
    def signal_agent(self) -> Path:
        """The folder of the adapters of the best trial of `llm_signal`; see `write_best_agent`."""
        return self.directory / SIGNAL_AGENT

    @property
    def track_record(self) -> Path:
        """Track record of the best agent on the validation split."""
        return self.directory / "best_agent_validation.json"

    @property
    def report(self) -> Path:
        """The study's report page."""
        return self.directory / "report.html"

    @property
    def windows(self) -> Path:
        """The page over all windows of the study, which `fxai retune` writes."""
        return self.directory / "windows.html"

    @property
    def index_row(self) -> Path:
        """The study's row of the index page."""
        return self.directory / ".index.json"

    @property
    def test_looks(self) -> Path:
        """Evaluations of the study's agents on the test split; see `track_files.note_test_look`."""
        return self.directory / TEST_LOOKS

    @property
    def transfer(self) -> Path:
        """The study's transfer from another study. `fxai transfer` writes it, `fxai run` applies it."""
        return self.directory / "transfer.yaml"

    @property
    def decisions(self) -> Path:
        """The study's decisions in their order. `fxai run --replay` repeats them."""
        return self.directory / "decisions.jsonl"

    @property
    def engine(self) -> Path:
        """Folder with the user's training engine, which `HPOptimizer` writes for the workers."""
        return self.directory / "engine"

    @property
    def export(self) -> Path:
        """Default folder of `fxai export`."""
        return self.directory / "export"

    @property
    def trained(self) -> Path:
        """Folder of the trainings that the report's commands start."""
        return self.directory / "trained"

    @property
    def trials(self) -> Path:
        return self.directory / "trials"

    @property
    def confirmation(self) -> Path:
        """Trainings of the confirmation on fresh seeds, in a folder for each trial and seed."""
        return self.directory / "confirmation"

    def confirmed_trial(self, number: int, seed: int) -> TrialPaths:
        """The training of a trial on one fresh seed."""
        return fresh_paths(self.confirmation, number, seed)

    @property
    def verdict_trainings(self) -> Path:
        """Trainings of the committees of the verdict, in a folder for each trial and seed."""
        return self.directory / "verdict"

    @property
    def verdict(self) -> Path:
        """The verdict on the study's winner."""
        return self.directory / "verdict.json"

    def verdict_on(self, data: str) -> Path:
        """The verdict on other data than the test split, by the name of the data."""
        return self.directory / f"verdict_{re.sub(r'[^A-Za-z0-9_.-]', '_', Path(data).stem)}.json"

    @property
    def rebuilt(self) -> Path:
        """Trainings that compute missing returns of trials again; removed when they have ended."""
        return self.directory / "rebuilt"

    @property
    def logs(self) -> Path:
        """Logs of the workers. The log of a trial is in the trial's folder."""
        return self.directory / "logs"

    def trial(self, number: int) -> TrialPaths:
        return TrialPaths.of(self.trials, number)

    def plot(self, name: str, metric: str | None = None) -> Path:
        """The page of one plot, e.g. "optimization_history". Plots of another metric are in a folder of their own."""
        if metric is None:
            return self.directory / f"{name}.html"
        return self.directory / f"by_{re.sub(r'[^A-Za-z0-9_.-]', '_', metric)}" / f"{name}.html"


def fresh_paths(folder: Path, number: int, seed: int) -> TrialPaths:
    """The files of a training of a trial on a fresh seed."""
    return TrialPaths(folder / f"trial-{number:05d}" / f"seed-{seed}")


def folder_fault(study: str) -> str | None:
    """Why a name cannot be the name of a results folder; None if it can. Other programs allow any name."""
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
