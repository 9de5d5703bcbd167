"""Makes the requests of a training plan, one chain of requests per seed."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pydantic import JsonValue
from safetensors import SafetensorError, safe_open

from fxai.protocol import Inherited, Report, StudyIdentity, TrialPaths, TrialRequest
from fxai.protocol.wire import from_line
from fxai.results.training.plan import TrainingPlan
from fxai.search.seeds import lane_seeds
from fxai.spec.fields.objective import argument_style_of, command_of, folder_of, name_of
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.configure import configure


def folders_of(plan: TrainingPlan, output: Path) -> tuple[Path, ...]:
    """The folder of each seed: the output folder itself for one seed, else folders in it."""
    if len(plan.seeds) == 1:
        return (output,)
    return tuple(output / f"seed-{seed}" for seed in plan.seeds)


def requests_of(plan: TrainingPlan, output: Path) -> tuple[tuple[TrialRequest, ...], ...]:
    """The remaining requests of each seed: the remaining segments of its schedule, or one request without one."""
    return tuple(
        tuple(_chain(plan, place, seed, folder))
        for place, (seed, folder) in enumerate(zip(plan.seeds, folders_of(plan, output), strict=True))
    )


def _chain(plan: TrainingPlan, place: int, seed: int, folder: Path) -> Iterator[TrialRequest]:
    whole = _request(plan, place, seed, folder)
    if not plan.schedule:
        yield whole
        return
    checkpoint, config = TrialPaths(folder).checkpoint, TrainingConfig.model_validate(plan.config)
    step = _step_of(checkpoint)
    begun = [segment for segment in plan.schedule if segment.from_step <= step]
    for segment in plan.schedule[len(begun) - 1 :]:
        yield replace(
            whole,
            config=configure(config, segment.params).model_dump(mode="json"),
            seeds=lane_seeds(segment.seed, place + 1)[place:],  # of this lane of the trial that trained the segment
            inherited=Inherited(segment.trial, segment.from_step, checkpoint) if segment.from_step else None,
        )


def _step_of(checkpoint: Path) -> int:
    """The number of updates of a checkpoint, read without torch; 0 if there is no readable checkpoint."""
    try:
        with safe_open(checkpoint, framework="numpy") as file:
            reports = json.loads((file.metadata() or {})["fxai"])["reports"]
        return from_line(Report, reports[-1].encode()).step
    except (OSError, SafetensorError, KeyError, IndexError, ValueError):
        return 0


def _request(plan: TrainingPlan, place: int, seed: int, folder: Path) -> TrialRequest:
    return TrialRequest(
        study=plan.name,
        number=plan.trial + place,
        attempt=0,
        objective=name_of(plan.objective),
        params=plan.params,
        config=plan.config,
        base_config=_base(plan),
        seeds=(seed,),
        metric=plan.metric,
        directory=folder,
        score=plan.score,
        objectives=plan.objectives,
        command=command_of(plan.objective),
        argument_style=argument_style_of(plan.objective),
        folder=folder_of(plan.objective),
        study_identity=StudyIdentity(fingerprint=_digest(plan)),
    )


def _digest(plan: TrainingPlan) -> str:
    return hashlib.sha256(json.dumps(plan.identity(), sort_keys=True).encode()).hexdigest()


def _base(plan: TrainingPlan) -> dict[str, JsonValue]:
    """The configuration that scores."""
    if plan.scoring_config is not None:
        return dict(plan.scoring_config)
    env = {} if plan.scoring_env is None else {"env": plan.scoring_env.model_dump(mode="json")}
    return {**plan.config, **env}
