"""`fxai run`: runs the studies of a spec."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from fxai.cli.completion import complete_spec
from fxai.cli.joining import JoinAddress, JoinStudies, joining_of
from fxai.cli.notifying import NotifyCommand, notifying
from fxai.cli.output import stdout
from fxai.cli.plan import check_data, load_plan, settings_of, spec_file
from fxai.cli.require import RequireVerdict, check_required
from fxai.errors import InputError
from fxai.mirror.working_folder import with_working_folder
from fxai.no_collection import no_collection
from fxai.spec.fields.storage_url import is_sqlite
from fxai.study.early_start import early_workers


def run(
    named_spec: Annotated[
        str | None,
        typer.Argument(
            metavar="SPEC",
            help="A YAML file or the name of a shipped spec. Default: quick_search.",
            show_default=False,
            autocompletion=complete_spec,
        ),
    ] = None,
    *,
    spec: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="The spec, given as an option.",
            autocompletion=complete_spec,
        ),
    ] = None,
    study: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only this study of the spec, or of the shipped specs if no spec is given."),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="quick_test, standard, extensive, production, or a preset of the spec."),
    ] = None,
    n_jobs: Annotated[
        int | None,
        typer.Option(metavar="N", min=-1, help="Number of workers, -1 for the whole machine. Default: the spec's."),
    ] = None,
    n_trials: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Total number of trials of each study.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Time after which no new trial of a study starts.")
    ] = None,
    metric: Annotated[
        str | None, typer.Option(metavar="NAME", help="Metric to optimise, e.g. mean_reward or sharpe.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Field of the spec, e.g. training.total_updates=50. May be repeated.",
        ),
    ] = None,
    storage: Annotated[
        str | None, typer.Option(metavar="URL", help="Database of the studies. Default: the spec's.")
    ] = None,
    results_dir: Annotated[
        str | None, typer.Option(metavar="DIR", help="Folder or URL of the studies' files. Default: the spec's.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", min=0, help="Seed of each study.")] = None,
    engine: Annotated[
        str | None, typer.Option(metavar="ENGINE", help="Where the workers run: local, or ray for a Ray cluster.")
    ] = None,
    ray_address: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Head of the Ray cluster, or auto. Means --engine ray.")
    ] = None,
    ray_unprotected: Annotated[
        bool, typer.Option("--ray-unprotected", help="Use a Ray cluster without authentication on other machines.")
    ] = False,
    replay: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A study's decisions.jsonl. Repeats its decisions in the same order, in a study NAME-replay.",
            dir_okay=False,
        ),
    ] = None,
    require: RequireVerdict = None,
    notify: NotifyCommand = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the complete spec; start and write nothing.")
    ] = False,
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Start a new study; an existing study of this name is kept under another name."),
    ] = False,
    join: JoinStudies = False,
    join_address: JoinAddress = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only warnings and the final summary.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also print every report of every trial.")] = False,
) -> None:
    """Run the studies of a spec.

    To test the installation: fxai run --preset quick_test

    Options override the spec. Run again to resume until n_trials is reached. Ctrl-C once: no new trials start, and
    running trials end or are saved. Ctrl-C again, at least a second later: stop now.
    """
    if named_spec is not None and spec is not None:
        raise InputError(f"the spec is named twice, as {named_spec} and as --spec {spec}; name it once")
    flags = {
        "preset": preset,
        "n_jobs": n_jobs,
        "n_trials": n_trials,
        "timeout": timeout,
        "metric_name": metric,
        "storage": storage,
        "results_dir": results_dir,
        "seed": seed,
        "engine": engine or ("ray" if ray_address else None),
        "ray_address": ray_address,
        "ray_unprotected": ray_unprotected or None,
    }
    with notifying(None if dry_run else notify, "run") as notes:
        given = settings_of(settings or (), flags)
        plan = load_plan(named_spec or spec, study, given)
        check_required(require, plan.studies)
        plan = with_working_folder(plan)
        joining = joining_of(plan, join=join, address=join_address, fresh=fresh, replay=replay)
        for each in plan.studies:
            check_data(each, spec_file(named_spec or spec, study))
            if not dry_run:
                _check_storage(each.storage)
        if dry_run:
            from fxai.cli.dry_run import print_plan  # noqa: PLC0415 - slow to load, as the module below

            print_plan(stdout(), plan, given)
            return
        own_workers = joining is None and replay is None
        with early_workers(plan.studies[0]) if own_workers else nullcontext() as early:
            with no_collection():
                from fxai.cli.run_studies import RunOptions, run_studies  # noqa: PLC0415 - the workers start meanwhile

            options = RunOptions(
                *(given, replay, joining, early), fresh=fresh, quiet=quiet, verbose=verbose, require=require
            )
            raise typer.Exit(run_studies(plan, options, stdout(), notes))


def _check_storage(url: str) -> None:
    """Raises `StorageError` if the database is on a server that cannot be reached."""
    if not is_sqlite(url):
        from fxai.search.server_connection import check_server  # noqa: PLC0415 - SQLAlchemy is slow to load

        check_server(url)
