"""`fxai transfer SOURCE --to SPEC`: writes what the next study takes over from a study."""

from pathlib import Path
from typing import Annotated, get_args

import typer

from fxai.cli.completion import complete_spec, complete_study
from fxai.cli.error_message import warning
from fxai.cli.options import DEFAULT_RESULTS_DIR, AsJson
from fxai.cli.output import print_json, print_text, stdout
from fxai.cli.plan import load_plan, settings_of
from fxai.errors import InputError
from fxai.mirror.working_folder import upload_changes, with_working_folder
from fxai.results.next_spec import write_next_spec
from fxai.results.paths import StudyPaths
from fxai.results.printed_command import StudyLocation
from fxai.results.provenance import spec_hash, versions
from fxai.results.transfer import transfer as transferred
from fxai.results.transfer_file import write_transfer
from fxai.search.studies import load_study
from fxai.spec.fields.storage_url import shown
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.reading.transfer_spec import Mode
from fxai.spec.search.study import StudySpec
from fxai.study.data_hash import data_hash
from fxai.study.load_transfer import describe_transfer

_MODES: tuple[Mode, ...] = get_args(Mode)


def transfer(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="Source study.", show_default=False, autocompletion=complete_study),
    ],
    *,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="SPEC", help="Spec of the target study.", autocompletion=complete_spec),
    ] = None,
    new: Annotated[
        Path | None,
        typer.Option(
            "--new",
            metavar="FILE",
            help="Instead of --to: write a copy of the source's spec to FILE; the file's name names the target study.",
        ),
    ] = None,
    study: Annotated[str | None, typer.Option(metavar="NAME", help="Target study, if the spec has several.")] = None,
    mode: Annotated[
        list[str] | None, typer.Option(metavar="MODE", help=f"One or more of {', '.join(_MODES)}. Default: fix.")
    ] = None,
    top: Annotated[int, typer.Option(metavar="N", min=1, help="Number of trials that enqueue runs first.")] = 5,
    width: Annotated[
        float, typer.Option(metavar="SHARE", min=0.01, max=1.0, help="Share of each range that narrow keeps.")
    ] = 0.25,
    storage: Annotated[
        str | None, typer.Option(metavar="URL", help="Database of the source. Default: the spec's.")
    ] = None,
    results_dir: Annotated[
        Path | None,
        typer.Option("--results-dir", metavar="DIR", help="Folder or URL of the studies' files. Default: the spec's."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Transfer the results of a study to the next study.

    fix: all trials train with the source's best values; parameters that are searched again start at these values.
    fix_unimportant: like fix; parameters without measurable importance in the source are no longer searched.
    enqueue: the source's best trials run first. narrow: ranges are narrowed around the best values.
    warm: the sampler learns from the source's trials.

    The spec does not change. The transfer is written to transfer.yaml in the target study's results folder, where
    `fxai run` reads it.
    """
    if (to is None) == (new is None):
        raise InputError("name the spec of the target study with --to, or a file for a new spec with --new")
    if new is not None:
        write_next_spec(StudyPaths(results_dir or DEFAULT_RESULTS_DIR, source), new)
    spec = str(new or to)
    plan = with_working_folder(load_plan(spec, study, settings_of((), {})))
    target, folder = _only(plan.studies, spec), results_dir or Path(plan.results_dir)
    if target.study_name == source:
        raise InputError(f"{source} cannot be its own target; give the target study another study_name")
    url = storage or target.storage
    result = transferred(load_study(url, source), shown(url), target, _modes(mode), top=top, width=width)
    provenance = {"spec_hash": spec_hash(target), "data_hash": data_hash(target) or "", "versions": versions()}
    transfer_spec = result.transfer_spec.model_copy(update=provenance)
    path = StudyPaths(folder, target.study_name).transfer
    write_transfer(path, transfer_spec, target.study_name)
    if message := upload_changes(folder):
        warning(message)
    if as_json:
        print_json(
            {"file": str(path), "overlay": transfer_spec.model_dump(mode="json"), "remarks": list(result.remarks)}
        )
        return
    print_text(
        stdout(), f"{target.study_name}:", *describe_transfer(transfer_spec), *result.remarks, f"Written to {path}"
    )
    given = {"--study": study, "--storage": storage, "--results-dir": None if results_dir is None else str(results_dir)}
    options = {name: value for name, value in given.items() if value is not None}
    print_text(stdout(), "", "Next:", f"  {StudyLocation().command('run', spec, options=options)}")


def _only(studies: tuple[StudySpec, ...], spec: str) -> StudySpec:
    if len(studies) > 1:
        names = ", ".join(each.study_name for each in studies)
        raise InputError(f"{spec} has several studies ({names}); name the target study with --study")
    return studies[0]


def _modes(written: list[str] | None) -> tuple[Mode, ...]:
    """The modes, given in separate options or with commas, each once."""
    names = [name for each in written or ["fix"] for name in each.replace(" ", "").split(",") if name]
    for name in names:
        if name not in _MODES:
            raise InputError(f"there is no mode {name!r}{did_you_mean(name, _MODES)} Modes: {', '.join(_MODES)}")
    return tuple(mode for mode in _MODES if mode in names)
