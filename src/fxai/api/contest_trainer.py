"""`HPOIntegratedTrainer`: trains the ensemble of the best trial, under the name of the contest's guide."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fxai.api.contest_search import RESULTS_DIR
from fxai.api.hpo_analyzer import HPOAnalyzer
from fxai.api.study_folders import one_of
from fxai.errors import InputError
from fxai.protocol import TrialPaths
from fxai.results.study_results import StudyResults
from fxai.results.training.plan import load_plan
from fxai.spec.fields.training_config import TrainingConfig
from fxai.study.progress_log import speaking_logger


class HPOIntegratedTrainer:
    """Trains agents from the best study in a folder, in this process. `fxai train` also resumes after a crash.

    Args:
        results_dir: Folder of studies, such as `hpo_experiments/task1_hpo_results`, or of one study.
        device: "cpu" or "cuda:N".

    Raises:
        InputError: There is no study in the folder, or no best one.
    """

    def __init__(self, results_dir: str | Path = RESULTS_DIR, *, device: str = "cpu") -> None:
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

        Args:
            save_path: Folder for the agent, as `--save-path` of `fxai train`.
            settings: Fields of the configuration, e.g. `{"training.learning_rate": 1e-5}`.

        Returns:
            The agent's file, `agent.safetensors`: the agent, or the committee of the agents of all seeds.

        Raises:
            InputError: A setting is wrong, or the study has no configuration that can be trained here.
        """
        from fxai.objectives.train_agent import train_agent  # noqa: PLC0415 (torch)
        from fxai.rl.agents.committee import Committee  # noqa: PLC0415

        written = {key: value if isinstance(value, str) else str(value) for key, value in (settings or {}).items()}
        path = self.results.paths.best_config
        if not path.is_file():
            raise InputError(f"{self.results.name} has no {path}: no trial has completed")
        plan = load_plan(path, written)
        if plan.scoring_env is None or plan.schedule:
            raise InputError(f"{path} is of custom code or of a population; fxai train {path} trains it")
        config, agents = TrainingConfig.model_validate(plan.config), []
        for seed in plan.seeds:
            trained = train_agent(config, plan.scoring_env, seed, self._device)
            agents.append(trained.agent)
            value = trained.evaluations[-1].metrics[0]["mean_reward"]
            self._logger.info("Seed %d: mean_reward %.4g on validation", seed, value)
        agent = TrialPaths(Path(save_path)).agent
        agent.parent.mkdir(parents=True, exist_ok=True)
        (agents[0] if len(agents) == 1 else Committee.of(agents)).save(agent)
        self._logger.info("Agent: %s", agent)
        return agent
