"""Weights & Biases tracker: a run for each trial, grouped by study. Imported only by the tracker process."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from shlex import quote
from typing import Literal

import wandb
from wandb.errors import UsageError

from fxai.protocol import Report, TrialState
from fxai.protocol.tracker_messages import (
    NO_STUDY_YET,
    StudyBeganMessage,
    StudyEndedMessage,
    TrialBeganMessage,
    TrialEndedMessage,
)
from fxai.spec.fields.tracking import WandbTracking
from fxai.tracking.contract import Parent

_UPLOADS = 8  # parallel uploads of ended trials
_UPLOAD_SECONDS = 20  # limit of one upload; then runs are stored offline
_MOST_BEHIND_SECONDS = 30  # maximum delay; then runs are stored offline (a server needs 1 s per run)
_SETTINGS = wandb.Settings(
    silent=True,
    host="",
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
    """The W&B runs of a study. Without a key, or with a slow server, runs are stored offline, with one message."""

    def __init__(self, settings: WandbTracking, directory: Path, parent: Parent) -> None:
        self._settings = settings
        self._mode: Literal["online", "offline", "disabled"] | None = settings.mode
        self._changing_mode = threading.Lock()
        self._directory = directory
        self._parent = parent
        self._runs: dict[int, wandb.Run] = {}
        self._uploads = ThreadPoolExecutor(_UPLOADS)
        self._uploading: list[Future[None]] = []
        self._study = NO_STUDY_YET

    def study_began(self, study: StudyBeganMessage) -> None:
        self._study = study

    def trial_began(self, trial: TrialBeganMessage) -> None:
        if time.time() - trial.at > _MOST_BEHIND_SECONDS:
            self._go_offline("does not keep up with the study")
        try:
            self._runs[trial.number] = self._opened(trial)
        except wandb.Error as error:
            if self._mode == "offline":
                raise
            self._go_offline(_reason(error))
            self._runs[trial.number] = self._opened(trial)

    def _opened(self, trial: TrialBeganMessage) -> wandb.Run:
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
        values = {**report.metrics, self._study.metric: report.value}
        # Committed at once, so that the last report is not written after the final metrics.
        self._runs[report.number].log(values, step=report.step, commit=True)

    def flush(self) -> None:
        """Raise errors of finished uploads."""
        for upload in [each for each in self._uploading if each.done()]:
            self._uploading.remove(upload)
            upload.result()

    def trial_ended(self, trial: TrialEndedMessage) -> None:
        run = self._runs.pop(trial.number)
        told = {"state": trial.state, "value": trial.value, "cause": trial.cause, "message": trial.message}
        run.summary.update({**trial.metrics, **{key: value for key, value in told.items() if value is not None}})
        self._uploading.append(self._uploads.submit(self._finish, run, int(trial.state == TrialState.FAIL)))

    def study_ended(self, study: StudyEndedMessage) -> None:  # noqa: ARG002 - each trial has its own run, the study none
        for number in list(self._runs):
            self.trial_ended(TrialEndedMessage(number, "requeued"))
        self._uploads.shutdown(wait=True)
        self.flush()
        wandb.teardown()

    def _finish(self, run: wandb.Run, exit_code: int) -> None:
        try:
            run.finish(exit_code=exit_code)
        except TimeoutError:
            self._go_offline(f"did not finish an upload in {_UPLOAD_SECONDS} s", "*run-*")  # also online runs
        else:
            self._parent.recorded()

    def _go_offline(self, why: str, runs: str = "offline-run-*") -> None:
        with self._changing_mode:
            if self._mode == "offline":
                return
            self._mode = "offline"
        folder = quote(str(self._directory / "wandb"))  # the shell expands the pattern after it
        self._parent.send_notice(f"{why}; the runs are stored offline. Upload them with `wandb sync {folder}/{runs}`")


def _reason(error: wandb.Error) -> str:
    first = (str(error).splitlines() or [""])[0]
    if isinstance(error, UsageError) and "No API key" in first:
        return "has no key (WANDB_API_KEY, or `wandb login`)"
    return f"cannot be used ({first})"
