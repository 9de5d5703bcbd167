"""`fxai train CONFIG`: trains agents from a study's best config."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
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
from fxai.formatting import short_cause
from fxai.market.markets.instruments import data_hash_of
from fxai.metric_text import number_text
from fxai.pool import LocalPool, machine_slots, slot_on
from fxai.protocol import LanePlan, Slot, TrialPaths, TrialRequest, TrialResult, TrialState, adopt_folder
from fxai.protocol.standard_error import mean, standard_error
from fxai.results.agent_seeds import agent_seeds
from fxai.results.committee_file import write_committee
from fxai.results.training.file import SeedResult, TrainingFile
from fxai.results.training.plan import TrainingPlan, load_plan
from fxai.results.training.requests import folders_of, requests_of
from fxai.results.value_errors import UNKNOWN, ValueErrors
from fxai.results.winner_track import write_validation_track
from fxai.search.lock import hold
from fxai.search.seeds import lane_seeds
from fxai.spec.fields.defaults import MAX_SEEDS
from fxai.spec.fields.training_config import TrainingConfig
from fxai.study.interrupts import announce_stop, stop_on_signals
from fxai.study.memory_need import check_training
from fxai.study.stop_signal import Urgency
from fxai.study.study_note import StudyNote, existing
from fxai.study.train_agents import train_agents

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
    if not plan.is_custom:
        check_training(TrainingConfig.model_validate(plan.config), len(plan.seeds), slots[0])
    record = TrainingFile(output, plan, _data_hash(plan), slots[0].device.partition(":")[0])
    console = stdout()
    with hold(output / ".training.lock", f"the folder {output}"):
        resumes = record.path.exists()
        results = record.begin()
        if results:
            print_text(console, f"{output} already holds this training; it is complete.")
        else:
            if resumes:
                _adopt(requests_of(plan, output))
            results = _train_seeds(plan, output, slots, console, quiet=quiet)
            record.end(results)
    errors = _errors(plan, output, [each.value for each in results])
    _conclude(plan, output, results, errors, console)
    agent = existing(TrialPaths(output).agent)
    value = mean([each.value for each in results])
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


def _data_hash(plan: TrainingPlan) -> str | None:
    """Hash of the bars; None for custom code. Raises `DataError` before the training if they are wrong."""
    return None if plan.is_custom else data_hash_of(TrainingConfig.model_validate(plan.config).data)


def _train_seeds(
    plan: TrainingPlan, output: Path, slots: Sequence[Slot], console: Console, *, quiet: bool
) -> tuple[SeedResult, ...]:
    """Train the agents, from their checkpoints if there are any. Exits the program after an interruption."""
    trainings = requests_of(plan, output)
    with ExitStack() as opened:
        stop = opened.enter_context(stop_on_signals())
        workers = opened.enter_context(LocalPool(slots, output, _lanes(trainings)))
        events = announce_stop(train_agents(trainings, workers, stop), stop, _STOPPING)
        ended = watch_training(events, _view(plan, trainings), console, quiet=quiet)
    if failed := [result for result in ended if result.state is not TrialState.COMPLETE]:
        error = failed[0].error
        raise FxaiError(f"the training failed: {short_cause(error.message) if error else failed[0].state}")
    if len(ended) < len(trainings):
        print_text(console, "Interrupted. Run the same command again to resume from the last report.")
        raise typer.Exit(_INTERRUPTED)
    for folder in folders_of(plan, output):
        TrialPaths(folder).checkpoint.unlink(missing_ok=True)
    return tuple(_result(result, plan) for result in sorted(ended, key=lambda each: each.number))


def _adopt(trainings: Sequence[Sequence[TrialRequest]]) -> None:
    """Write missing identities of trial folders. Earlier releases wrote none; `training.json` has the same fact."""
    for chain in trainings:
        adopt_folder(chain[0])


def _lanes(trainings: Sequence[Sequence[TrialRequest]]) -> LanePlan:
    first = trainings[0][0]
    return LanePlan(first.objective, first.base_config, lanes=len(trainings), folder=first.folder)


def _view(plan: TrainingPlan, trainings: Sequence[Sequence[TrialRequest]]) -> TrainingView:
    seeds = {chain[0].number: seed for chain, seed in zip(trainings, plan.seeds, strict=True)}
    return TrainingView.of(plan.name, plan.metric, seeds, plan.total_updates, trading=not plan.is_custom)


def _result(result: TrialResult, plan: TrainingPlan) -> SeedResult:
    if result.value is None:
        raise FxaiError("the training ended without a value")
    return SeedResult(plan.seeds[result.number - plan.trial], result.value, result.metrics)


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
    if len(folders) > 1 and not plan.is_custom:
        _write_committee(plan, folders, TrialPaths(output).agent)
        folders = (output, *folders)
    for folder in folders:
        print_text(console, *_files_in(TrialPaths(folder)))


def _write_committee(plan: TrainingPlan, folders: Sequence[Path], path: Path) -> None:
    """Write the committee of the trained agents, unless it exists."""
    if agent_seeds(path) != plan.seeds:
        write_committee([TrialPaths(folder).agent for folder in folders], path)


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
