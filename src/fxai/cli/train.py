"""`fxai train CONFIG`: one training in full, as a study's best config describes it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from fxai.cli.output import print_text, stdout
from fxai.errors import FxaiError, InputError
from fxai.results.best_config import BestConfig, OwnBestConfig, load_best_config
from fxai.spec.configure import configure
from fxai.spec.objective import command_of, folder_of, name_of
from fxai.trial import (
    Decision,
    Inherited,
    JsonObject,
    LanePlan,
    ParamValue,
    Report,
    TrialPaths,
    TrialRequest,
    TrialResult,
    TrialState,
)
from fxai.wording import figure
from fxai.workers import ProcessWorkers, TrialEnded, TrialReported, WorkerLost, machine_slots


def train(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="A <study>_best_config.yaml.", show_default=False)],
    *,
    output: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the agent and its log.")] = Path("trained"),
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed than the config's.")] = None,
) -> None:
    """Train one agent in full.

    From a study's best config it trains the study's best agent again: with the config's own seed, on
    the same kind of device and the same versions, the very same one. An agent of a population is trained by
    the schedule in its config.
    """
    best = load_best_config(config)
    requests = _requests(best, output, seed)
    step = "Update"
    if isinstance(best, OwnBestConfig):
        step = "Step"
        _check_fresh(TrialPaths(output).checkpoint_dir)
    console = stdout()
    for event in _events(requests):
        if isinstance(event, Report):
            print_text(console, f"{step} {event.step}: {best.metric_name} {figure(event.value)}")
        elif event.state is TrialState.COMPLETE and event.value is not None:
            print_text(
                console,
                "",
                f"{best.metric_name}: {figure(event.value)}",
                _left_at(TrialPaths(output)),
            )
        else:
            raise FxaiError(f"the training failed: {event.error.message if event.error else event.state}")


def _check_fresh(folder: Path) -> None:
    """Code of the user's own would go on from what an earlier training left there."""
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} holds what an earlier training left; delete it, or name another --output")


def _left_at(paths: TrialPaths) -> str:
    return f"Agent: {paths.agent}" if paths.agent.exists() else f"Its files: {paths.checkpoint_dir}"


def _requests(best: BestConfig | OwnBestConfig, output: Path, seed: int | None) -> Sequence[TrialRequest]:
    """The winner's trial once more; one request for each segment of its schedule, each from where the last ended."""
    whole = _request(best, output, best.seed if seed is None else seed)
    if isinstance(best, OwnBestConfig) or not best.schedule:
        return (whole,)
    checkpoint = TrialPaths(output).checkpoint
    return [
        replace(
            whole,
            config=configure(best.training_config, segment.params).model_dump(mode="json"),
            seeds=(segment.seed if seed is None else seed,),
            inherited=Inherited(segment.trial, segment.from_step, checkpoint) if segment.from_step else None,
        )
        for segment in best.schedule
    ]


def _request(best: BestConfig | OwnBestConfig, output: Path, seed: int) -> TrialRequest:
    """The winner's trial once more: same numbers, another folder."""
    params, config, base = _given(best)
    return TrialRequest(
        study=best.study_name,
        number=best.trial,
        attempt=0,
        objective=name_of(best.objective),
        params=params,
        config=config,
        base_config=base,
        seeds=(seed,),
        metric=best.metric_name,
        directory=output,
        score=best.score or "",
        command=command_of(best.objective),
        folder=folder_of(best.objective),
    )


def _given(best: BestConfig | OwnBestConfig) -> tuple[Mapping[str, ParamValue], JsonObject, JsonObject]:
    """The trial's parameters, its configuration, and the one that scores it."""
    if isinstance(best, OwnBestConfig):
        return best.params, best.training_config, best.training_config
    base = best.training_config.model_copy(update={"env": best.scoring_env})
    return {}, best.training_config.model_dump(mode="json"), base.model_dump(mode="json")


def _events(requests: Sequence[TrialRequest]) -> Iterator[Report | TrialResult]:
    slots, first = machine_slots(n_jobs=1).slots, requests[0]
    plan = LanePlan(first.objective, first.base_config, lanes=len(first.seeds), folder=first.folder)
    waiting = list(requests[1:])
    with ProcessWorkers(slots, first.directory, plan) as workers:
        workers.submit(first)
        while True:
            for event in workers.events(1.0):
                match event:
                    case TrialReported(report):
                        yield report
                        workers.answer(report.number, _answer(report, waiting))
                    case TrialEnded(result) if waiting and result.state is TrialState.RETURNED:
                        workers.submit(waiting.pop(0))
                    case TrialEnded(result):
                        yield result
                        return
                    case WorkerLost(message=message):
                        raise FxaiError(f"the training failed: {message}")
                    case _:
                        pass


def _answer(report: Report, waiting: Sequence[TrialRequest]) -> Decision:
    """STOP where the next segment of a schedule begins."""
    begins = waiting[0].inherited if waiting else None
    return Decision.STOP if begins is not None and report.step >= begins.step else Decision.CONTINUE
