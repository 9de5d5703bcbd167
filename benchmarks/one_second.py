"""Ray Tune's own test of scale, on this machine: trials of one second on two workers of FxAI's local pool.

Ray publishes 10,000 trials of a second on 16 cores in 715 s, 625 s at best. The same number of seconds on two workers
are 1,250 trials. The time is from the begin of the first trial to the end of the last one, so it has everything that
lies between two trials of a worker, and not the start of the workers.
"""

import tempfile
import time
from pathlib import Path

from fxai.pool import LocalPool
from fxai.protocol import LanePlan, Slot
from fxai.search.open_search import open_search
from fxai.spec.fields.objective import folder_of, name_of
from fxai.spec.search.configure import default_params, trial_settings
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.samplers import RandomSampler
from fxai.spec.search.study import StudySpec
from fxai.study.events import TrialFinished
from fxai.study.loop import run_study
from fxai.study.stop_signal import StopSignal

WORKERS = 2


def nap(trial: object) -> dict[str, float]:  # noqa: ARG001 - the argument of every objective
    """The objective, which workers import from this file."""
    began = time.time()
    time.sleep(1.0)
    return {"value": 0.0, "began": began, "ended": time.time()}


def one_second_trials(count: int) -> float:
    """Seconds from the first begin to the last end of so many trials."""
    spec = StudySpec(
        study_name="one_second",
        objective="one_second:nap",
        metric_name="value",
        sampler=RandomSampler(),
        parameters=(FloatParameter(name="x", low=0.0, high=1.0),),
        n_trials=count,
        max_concurrent_trials=WORKERS,
    )
    plan = LanePlan(name_of(spec.objective), trial_settings(spec, {}), folder=folder_of(spec.objective))
    slots = [Slot(index) for index in range(WORKERS)]
    with (
        tempfile.TemporaryDirectory() as name,
        open_search(
            spec, f"sqlite:///{name}/studies.db", fingerprint=fingerprint(spec), default_params=default_params(spec)
        ) as search,
        LocalPool(slots, Path(name, "logs"), plan) as workers,
    ):
        events = run_study(spec, search, workers, Path(name, "trials"), StopSignal())
        ended = [event.result.metrics for event in events if isinstance(event, TrialFinished)]
    return max(each["ended"] for each in ended) - min(each["began"] for each in ended)
