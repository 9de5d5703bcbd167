"""Lets commands read results at a URL: `--results-dir s3://bucket/path`, and an agent's URL for `fxai evaluate`.

The command works in a local folder, which is brought up to date before it and whose changes are uploaded after it.
`fxai run` does the same on its own, since a spec may name the URL too.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from fxai.cli.error_message import warning
from fxai.spec.fields.results_url import results_url

_WITHOUT = {"run"}
_RESULTS: Final = {"results", "show", "report", "retune"}  # commands that read files of trials
_ALL: Final = {"verdict", "export", "evaluate"}  # commands that read agents of trials
_EVERY: Final = {"retune"}  # commands that read further studies than those that they are given
_STUDY: Final = ("study", "source")  # parameters with the name of a study
_TRIALS: Final = "/trials/"


@contextmanager
def at_url(ctx: Any) -> Iterator[None]:
    """Replace URLs in the parameters of a command by paths in the working folder, for a block."""
    values: dict[str, Any] = ctx.params
    given = {name: url for name in ("results_dir", "agent") if (url := _url_of(values.get(name)))}
    if not given or ctx.info_name in _WITHOUT:
        yield
        return
    from fxai.mirror.pull import Depth  # noqa: PLC0415
    from fxai.mirror.working_folder import storage_for, upload_changes, working_folder  # noqa: PLC0415 - slow to load
    from fxai.spec.fields.defaults import STORAGE  # noqa: PLC0415

    depth = Depth.ALL if ctx.info_name in _ALL else Depth.RESULTS if ctx.info_name in _RESULTS else Depth.TOP
    if "agent" in given:
        url, inside = _split_agent(given["agent"])
        folder = working_folder(url, {inside.partition("/")[0]}, depth)
        values["agent"] = folder / inside
    else:
        studies = None if ctx.info_name in _EVERY else _studies(values)
        folder = working_folder(given["results_dir"], studies, depth)
        values["results_dir"] = folder
        if "storage" in values:
            values["storage"] = storage_for(values["storage"] or STORAGE, folder)
    try:
        yield
    finally:
        if message := upload_changes(folder):
            warning(message)


def _url_of(value: object) -> str | None:
    return results_url(value) if isinstance(value, str | Path) else None


def _studies(values: Mapping[str, Any]) -> set[str] | None:
    return {values[name] for name in _STUDY if isinstance(values.get(name), str)} or None


def _split_agent(url: str) -> tuple[str, str]:
    """The URL of the results folder, and the path of an agent of one of its studies."""
    before, trials, after = url.partition(_TRIALS)
    if trials:
        folder, _, study = before.rpartition("/")
        return folder, f"{study}{trials}{after}"
    folder, study, name = url.rsplit("/", 2)
    return folder, f"{study}/{name}"
