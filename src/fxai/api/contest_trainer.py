"""`HPOIntegratedTrainer`: trains the ensemble of the best trial, under the name of the contest's guide."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fxai.api.contest_search import TASK_1
from fxai.api.hpo_analyzer import HPOAnalyzer
from fxai.api.study_folders import one_of
from fxai.errors import InputError
from fxai.metric_text import number_text
from fxai.pool import slot_on
from fxai.protocol import TrialResult
from fxai.results.study_results import StudyResults
from fxai.results.training.plan import load_plan
from fxai.study.events import Notice
from fxai.study.interrupts import announce_stop
from fxai.study.progress_log import speaking_logger
from fxai.study.stop_signal import StopSignal, Urgency
from fxai.study.train_agents import TrainingEvent
from fxai.study.train_plan import agent_of, train_plan

_STOPPING: Mapping[Urgency, str] = {
    Urgency.SOON: "Interrupted: the training is saved at its next report and stops. Interrupt again to stop now.",
    Urgency.NOW: "Stopping now. Train in the same folder again to resume from the last report.",
}


class HPOIntegratedTrainer:
    """Trains agents from the best study in a folder, with the same files as `fxai train`.

    Args:
        results_dir: Folder of studies, such as `hpo_experiments/task1_hpo_results`, or of one study.
        device: "cpu", or a GPU as "cuda:1" or "1".

    Raises:
        InputError: There is no study in the folder, or no best one.
    """

    def __init__(self, results_dir: str | Path = TASK_1.results_dir, *, device: str = "cpu") -> None:
        analyzer = HPOAnalyzer(results_dir)
        best = one_of(analyzer.studies.values())
        if best is None:
            names = ", ".join(analyzer.studies)
            raise InputError(f"{results_dir} has no best study; give the folder of one study. Studies: {names}")
        self.results: StudyResults = best
        self._device = device
        self._logger = speaking_logger("HPOIntegratedTrainer")

    def train(self, save_path: str | Path, settings: Mapping[str, Any] | None = None) -> Path:
        """Train the best trial's configuration on the seeds of its best config, and save the agent.

        A call with the same folder and settings resumes an interrupted training from its last report. If the training
        is complete, nothing is trained.

        Args:
            save_path: Folder for the agent, as `--save-path` of `fxai train`.
            settings: Fields of the configuration, e.g. `{"training.learning_rate": 1e-5}`.

        Returns:
            The agent's file, `agent.safetensors`: the agent, or the committee of the agents of all seeds.

        Raises:
            InputError: A setting or the device is wrong, the folder has another training, or the study has no
                configuration that can be trained here.
            FxaiError: The data cannot be read, another process trains in the folder, or an agent cannot be trained.
            KeyboardInterrupt: After Ctrl-C, when the training is saved.
        """
        written = {key: value if isinstance(value, str) else str(value) for key, value in (settings or {}).items()}
        path, output = self.results.paths.best_config, Path(save_path)
        if not path.is_file():
            raise InputError(f"{self.results.name} has no {path}: no trial has completed")
        plan = load_plan(path, written)
        if plan.is_custom:
            raise InputError(f"{path} is of custom code, which has no agent's file; fxai train {path} trains it")
        ended = train_plan(plan, output, (slot_on(self._device),), self._watch)
        if ended.is_interrupted:
            raise KeyboardInterrupt(f"the training in {output} is saved")
        for each in ended.results:
            value = number_text(plan.metric, each.value, trading=True)
            self._logger.info("Seed %d: %s %s on validation", each.seed, plan.metric, value)
        agent = agent_of(plan, output)
        self._logger.info("Agent: %s", agent)
        return agent

    def _watch(self, events: Iterator[TrainingEvent], stop: StopSignal) -> Sequence[TrialResult]:
        """Log the notices of a training. Returns its results."""
        results = []
        for event in announce_stop(events, stop, _STOPPING):
            match event:
                case Notice(message):
                    self._logger.info("%s", message)
                case TrialResult():
                    results.append(event)
                case _:
                    pass
        return results
