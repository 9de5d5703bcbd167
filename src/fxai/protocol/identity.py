"""Identity of the trial that the files of a folder belong to, so that no trial uses another trial's files.

A trial's folder is named by its number, and a study of the same name in another database has trials of the same
numbers. `identity.json` in the folder identifies the trial. The worker compares it before anything of the trial runs,
for every objective.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path

from pydantic import JsonValue
from safetensors import SafetensorError, safe_open

from fxai.atomic_write import write_bytes
from fxai.errors import FxaiError
from fxai.protocol.paths import TrialPaths
from fxai.protocol.records import Report, TrialRequest
from fxai.protocol.wire import from_line

_HEADER = "fxai"  # header of a checkpoint of FxAI's agents, which has its own identity
_CHANGES = ("params", "seeds")  # fields that change with an inherited checkpoint


def take_folder(request: TrialRequest) -> None:
    """Prepare the trial's folder: files of other trials are renamed.

    A trial that no run has begun uses no existing files. A folder without an identity is from a finished trial or from
    an earlier release; its files are used only if the study has the same reports as the folder.
    """
    paths, identity = TrialPaths(request.directory), identity_of(request)
    stored = read_identity(paths)
    if request.stored_reports is None:
        set_aside(paths.left)
        adopt_folder(request)
    elif stored is None:
        if not _is_known(paths, request):
            _set_aside_unknown(paths, request)
        adopt_folder(request)
    elif not _agree(stored, identity, request):
        set_aside(_but_inherited(paths, request))
        adopt_folder(request)
    elif stored != identity:
        adopt_folder(request)


def adopt_folder(request: TrialRequest) -> None:
    """Write the trial's identity into its folder."""
    # Without identity.json (full disk, value that is not JSON) a later run restarts the trial.
    with contextlib.suppress(FxaiError, ValueError):
        text = json.dumps(identity_of(request), indent=2) + "\n"
        write_bytes(TrialPaths(request.directory).identity, text.encode(), durable=False)


def identity_of(request: TrialRequest) -> dict[str, JsonValue]:
    """Fields in which two runs of one trial agree, as JSON values."""
    return {
        "study": request.study,
        "study_key": request.study_identity.key,
        "fingerprint": request.study_identity.fingerprint,
        "trial": request.number,
        "params": dict(request.params),
        "seeds": list(request.seeds),
    }


def read_identity(paths: TrialPaths) -> dict[str, JsonValue] | None:
    """The identity in a folder; None if there is none, empty if it cannot be read."""
    try:
        document = json.loads(paths.identity.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def set_aside(files: Iterable[Path]) -> None:
    """Rename files and folders of one folder with the same number: `checkpoint~1`, `reports.jsonl~1`.

    Raises:
        FxaiError: If a file cannot be renamed.
    """
    there = [path for path in files if os.path.lexists(path)]
    number = next(k for k in count(1) if not any(os.path.lexists(_renamed(path, k)) for path in there))
    for path in there:
        try:
            path.rename(_renamed(path, number))
        except OSError as error:
            raise FxaiError(f"cannot rename {path}, a file of another trial: {error.strerror or error}") from error


def _renamed(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}~{number}")


def _agree(stored: Mapping[str, JsonValue], identity: Mapping[str, JsonValue], request: TrialRequest) -> bool:
    """Whether both identities are of the same trial. Parameters and seeds may differ after an inherited checkpoint."""
    compared = identity.keys() - (set() if request.inherited is None else set(_CHANGES))
    return all(stored.get(key) == identity[key] for key in compared)


def _is_known(paths: TrialPaths, request: TrialRequest) -> bool:
    """Whether a folder without an identity has the reports that the study has."""
    kept = [(report.step, report.value) for report in read_reports(paths.reports)]
    return bool(kept) and kept == list(request.stored_reports or ())


def _set_aside_unknown(paths: TrialPaths, request: TrialRequest) -> None:
    """Rename the files, except a checkpoint of FxAI's agents, whose own identity is compared later."""
    own = paths.checkpoint if _holds_identity(paths.checkpoint) else None
    kept = (paths.checkpoint_dir, paths.reports, paths.agent, paths.checkpoint)
    if any(path.exists() for path in kept if path != own):
        set_aside(path for path in _but_inherited(paths, request) if path != own)


def _but_inherited(paths: TrialPaths, request: TrialRequest) -> Sequence[Path]:
    """All files that a trial may write into its folder, except the inherited checkpoint."""
    inherited = None if request.inherited is None else request.inherited.checkpoint
    return [path for path in paths.left if path != inherited]


def _holds_identity(checkpoint: Path) -> bool:
    """Whether a checkpoint has an identity; read without torch, which not every worker has imported."""
    try:
        with safe_open(checkpoint, framework="numpy") as file:
            header = json.loads((file.metadata() or {})[_HEADER])
    except (OSError, SafetensorError, KeyError, ValueError):
        return False
    return isinstance(header, dict) and "identity" in header


def read_reports(path: Path) -> list[Report]:
    """The reports in a file of the worker; an incomplete last line is ignored."""
    try:
        lines = path.read_bytes().split(b"\n")
        return [from_line(Report, line) for line in lines[:-1]]
    except (OSError, ValueError):
        return []
