"""Weights & Biases: a run for each trial, in the group of its study. Only the tracker's process imports this."""

from pathlib import Path
from typing import Literal

import wandb
from wandb.errors import UsageError

from fxai.spec.tracking import WandbTracking
from fxai.tracking.contract import Say
from fxai.tracking.messages import StudyBegan, StudyEnded, TrialBegan, TrialEnded
from fxai.trial import Report, TrialState

_UPLOAD_SECONDS = 20  # that a finished trial's upload may take before its server counts as gone
_SETTINGS = wandb.Settings(
    silent=True,
    console="off",
    save_code=False,
    disable_code=True,
    disable_git=True,
    disable_job_creation=True,
    symlink=False,
    finish_timeout=_UPLOAD_SECONDS,
    finish_timeout_raises=True,
    x_disable_meta=True,
    x_disable_stats=True,
    x_disable_machine_info=True,
    x_save_requirements=False,
)


class WandbRuns:
    """The open runs of a study. Without a key or a server they are kept offline, which is said once."""

    def __init__(self, settings: WandbTracking, directory: Path, say: Say) -> None:
        self._settings = settings
        self._mode: Literal["online", "offline", "disabled"] | None = settings.mode
        self._directory = directory
        self._say = say
        self._runs: dict[int, wandb.Run] = {}

    def study_began(self, study: StudyBegan) -> None:
        self._study = study

    def trial_began(self, trial: TrialBegan) -> None:
        try:
            self._runs[trial.number] = self._opened(trial)
        except wandb.Error as error:
            if self._mode == "offline":
                raise
            self._go_offline(_reason(error), "offline-run-*")
            self._runs[trial.number] = self._opened(trial)

    def _opened(self, trial: TrialBegan) -> wandb.Run:
        further = {"study": self._study.study, "trial": trial.number, "seed": trial.seed}
        config = {} if trial.training_config is None else {"training_config": dict(trial.training_config)}
        return wandb.init(
            project=self._settings.project,
            entity=self._settings.entity,
            mode=self._mode,
            group=self._study.study,
            name=f"trial-{trial.number:04d}",
            job_type="trial",
            tags=self._settings.tags,
            config={**trial.params, **further, **config},
            dir=self._directory,
            reinit="create_new",
            settings=_SETTINGS,
        )

    def reported(self, report: Report) -> None:
        self._runs[report.number].log({**report.metrics, self._study.metric: report.value}, step=report.step)

    def flush(self) -> None:
        """Nothing is kept back here."""

    def trial_ended(self, trial: TrialEnded) -> None:
        run = self._runs.pop(trial.number)
        told = {"state": trial.state, "value": trial.value, "cause": trial.cause, "message": trial.message}
        run.summary.update({**trial.metrics, **{key: value for key, value in told.items() if value is not None}})
        self._finish(run, failed=trial.state == TrialState.FAIL)

    def study_ended(self, study: StudyEnded) -> None:  # noqa: ARG002 - the best trial has its own run
        for run in self._runs.values():
            run.summary.update({"state": "requeued"})
            self._finish(run, failed=False)
        self._runs.clear()
        wandb.teardown()

    def _finish(self, run: wandb.Run, *, failed: bool) -> None:
        try:
            run.finish(exit_code=int(failed))
        except TimeoutError:
            if self._mode != "offline":
                self._go_offline(f"did not take a trial within {_UPLOAD_SECONDS} s", "*run-*")

    def _go_offline(self, why: str, folders: str) -> None:
        self._mode = "offline"
        where = self._directory / "wandb" / folders
        self._say(f"{why}; the runs are kept offline, and `wandb sync {where}` uploads them")


def _reason(error: wandb.Error) -> str:
    first = (str(error).splitlines() or [""])[0]
    if isinstance(error, UsageError) and "No API key" in first:
        return "has no key (WANDB_API_KEY, or `wandb login`)"
    return f"cannot be used ({first})"
