"""`fxai train CONFIG`: trains agents from a study's best config."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from fxai.cli.error_message import warning
from fxai.cli.notifying import Notes, NotifyCommand, notifying
from fxai.cli.output import print_sentences, print_text, stdout
from fxai.cli.plan import settings_of
from fxai.cli.watch_training import TrainingView, watch_training
from fxai.errors import FxaiError
from fxai.metric_text import number_text
from fxai.pool import machine_slots, slot_on
from fxai.protocol import Slot, TrialPaths, TrialResult
from fxai.protocol.standard_error import mean, standard_error
from fxai.results.training.file import SeedResult
from fxai.results.training.plan import TrainingPlan, load_plan
from fxai.results.training.requests import folders_of
from fxai.results.value_errors import UNKNOWN, ValueErrors
from fxai.results.winner_track import write_validation_track
from fxai.search.seeds import lane_seeds
from fxai.spec.fields.defaults import MAX_SEEDS
from fxai.spec.fields.objective import LLM_SIGNAL
from fxai.study.interrupts import announce_stop
from fxai.study.stop_signal import StopSignal, Urgency
from fxai.study.study_note import StudyNote, existing
from fxai.study.train_agents import TrainingEvent
from fxai.study.train_plan import agent_of, train_plan

_INTERRUPTED = 130
_STOPPING: Mapping[Urgency, str] = {
    Urgency.SOON: "Interrupted: the training is saved at its next report and stops. Press Ctrl-C again to stop now.",
    Urgency.NOW: "Stopping now. Run the same command again to resume from the last report.",
}


def train(
    config: Annotated[
        Path,
        typer.Argument(
            metavar="CONFIG", help="A <study>_best_config.yaml, or a file with the same sections.", show_default=False
        ),
    ],
    *,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Field of the config, e.g. training.total_updates=500."),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "--save-path", metavar="DIR", help="Folder for the agents and their files.")
    ] = Path("trained"),
    seed: Annotated[int | None, typer.Option(metavar="N", min=0, help="Seed. Default: the config's seeds.")] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=MAX_SEEDS,
            help="Number of agents, each with its own seed. Default: the config's.",
            show_default=False,
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="DEVICE", help="cpu, or a GPU as cuda:1 or 1. Default: a GPU if there is one.")
    ] = None,
    notify: NotifyCommand = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the result.")] = False,
) -> None:
    """Train agents from a config file.

    With a study's best config, this command trains the study's best agent again. The agent is identical if the seed,
    the kind of device and the versions are the same. The agent of a population is trained by the schedule in its
    config. Several seeds are trained side by side, and their committee is written beside them. With --seeds, the first
    is the config's first seed.

    After Ctrl-C, a crash or kill -9, run the same command again to resume from the last report.
    """
    with notifying(notify, "train") as notes:
        plan = _seeded(load_plan(config, settings_of(settings or (), {})), seed, seeds)
        slots = machine_slots(n_jobs=1).slots if device is None else (slot_on(device),)
        _train(plan, output, slots, notes, quiet=quiet)


def _train(plan: TrainingPlan, output: Path, slots: Sequence[Slot], notes: Notes, *, quiet: bool) -> None:
    console = stdout()

    def watch(events: Iterator[TrainingEvent], stop: StopSignal) -> Sequence[TrialResult]:
        return watch_training(announce_stop(events, stop, _STOPPING), _view(plan), console, quiet=quiet)

    ended = train_plan(plan, output, slots, watch)
    if ended.is_interrupted:
        print_text(console, "Interrupted. Run the same command again to resume from the last report.")
        raise typer.Exit(_INTERRUPTED)
    if ended.was_complete:
        print_text(console, f"{output} already holds this training; it is complete.")
    errors = _errors(plan, output, [each.value for each in ended.results])
    _conclude(plan, output, ended.results, errors, console)
    agent = existing(TrialPaths(output).agent)
    value = mean([each.value for each in ended.results])
    notes.studies.append(
        StudyNote(
            plan.name, metric=plan.metric, best_value=value, error=errors.total, folder=existing(output), agent=agent
        )
    )


def _seeded(plan: TrainingPlan, seed: int | None, count: int | None) -> TrainingPlan:
    """The plan with `count` seeds, of which the first is `seed`; without both the plan's seeds.

    Without `count` it is 1. Without `seed` it is the plan's first seed.
    """
    if seed is None and count is None:
        return plan
    if seed is not None:
        schedule = tuple(segment.model_copy(update={"seed": seed}) for segment in plan.schedule)
        plan = replace(plan, seeds=(seed,), schedule=schedule)
    return replace(plan, seeds=lane_seeds(plan.seeds[0], count or 1))


def _view(plan: TrainingPlan) -> TrainingView:
    seeds = dict(enumerate(plan.seeds, start=plan.trial))
    return TrainingView.of(plan.name, plan.metric, seeds, plan.total_updates, trading=not plan.is_custom)


def _conclude(
    plan: TrainingPlan, output: Path, results: Sequence[SeedResult], errors: ValueErrors, console: Console
) -> None:
    """Print the agents' scores and paths."""
    values = [each.value for each in results]
    if len(values) == 1:
        print_text(console, "", f"{plan.metric}: {_value_text(plan, values[0])}")
    else:
        by_seed = ", ".join(f"{each.seed}: {_value_text(plan, each.value)}" for each in results)
        value = _value_text(plan, mean(values), errors.total)
        print_text(console, "", f"{plan.metric}: {value} over {len(values)} seeds ({by_seed})")
        of_seeds = "± is one standard error of the seeds alone."
        print_sentences(console, of_seeds if errors.market is None else errors.explained(trading=True))
    folders = folders_of(plan, output)
    if plan.objective == LLM_SIGNAL:
        print_text(console, f"Agent: {agent_of(plan, output)}", "`fxai evaluate` scores this folder of adapters.")
        return
    if len(folders) > 1 and not plan.is_custom:
        agent_of(plan, output)
        folders = (output, *folders)
    for folder in folders:
        print_text(console, *_files_in(TrialPaths(folder)))


def _errors(plan: TrainingPlan, output: Path, values: Sequence[float]) -> ValueErrors:
    """The errors of the mean over seeds; of the seeds alone for custom code, and if the returns do not suffice."""
    if len(values) == 1:
        return UNKNOWN
    if not plan.is_custom:
        from fxai.results.same_bars import error_of_mean  # noqa: PLC0415 - SciPy is slow to load

        files = [TrialPaths(folder).returns for folder in folders_of(plan, output)]
        error = error_of_mean(plan.metric, files, values)
        if error is not None:
            return ValueErrors(error.total, error.seed, error.market)
    of_seeds = standard_error(values)
    return ValueErrors(of_seeds, of_seeds)


def _value_text(plan: TrainingPlan, value: float, error: float | None = None) -> str:
    """A value of the training's metric."""
    return number_text(plan.metric, value, error, trading=not plan.is_custom)


def _files_in(paths: TrialPaths) -> Sequence[str]:
    if not paths.agent.exists():
        return (f"Files: {paths.checkpoint_dir}",)
    tracks: Sequence[Path] = ()
    try:
        tracks = write_validation_track(paths.agent)
    except FxaiError as error:
        warning(str(error))
    return (f"Agent: {paths.agent}", *(f"Validation: {track}" for track in tracks))
