"""Which trial a folder's files belong to, so that no trial takes up what another trial has left.

A trial's number names its folder, and a study of the same name in another database, or in a database that is gone,
has trials of the same numbers. `identity.json` in the folder says which trial it is. The worker that is given a
trial compares it before anything of the trial runs, so that this holds for every objective.
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

_HEADER = "fxai"  # of a checkpoint of FxAI's agents, which holds an identity of its own
_CHANGES = ("params", "seeds")  # from one inherited checkpoint to the next


def take_folder(request: TrialRequest) -> None:
    """Make the trial's folder its own: what another trial left there is renamed, and stays beside.

    A trial that no run has begun takes up nothing. A folder without an identity was left by a trial that has ended, or
    by an earlier release: what own code kept there is used only where the study holds the reports that lie beside it,
    so that the folder is known to be this trial's.
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
    """Say that what lies in the trial's folder is the trial's."""
    # Where the disk is full, or JSON does not hold a number, the trial begins anew another time.
    with contextlib.suppress(FxaiError, ValueError):
        text = json.dumps(identity_of(request), indent=2) + "\n"
        write_bytes(TrialPaths(request.directory).identity, text.encode(), durable=False)


def identity_of(request: TrialRequest) -> dict[str, JsonValue]:
    """What two runs of a trial must agree in to be one trial, as JSON keeps it."""
    return {
        "study": request.study,
        "study_key": request.study_identity.key,
        "fingerprint": request.study_identity.fingerprint,
        "trial": request.number,
        "params": dict(request.params),
        "seeds": list(request.seeds),
    }


def read_identity(paths: TrialPaths) -> dict[str, JsonValue] | None:
    """The identity that lies in a folder; None where there is none, an empty one where it cannot be read."""
    try:
        document = json.loads(paths.identity.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def set_aside(files: Iterable[Path]) -> None:
    """Rename files and folders of one folder, all by the same number: `checkpoint~1`, `reports.jsonl~1`."""
    there = [path for path in files if os.path.lexists(path)]
    number = next(k for k in count(1) if not any(os.path.lexists(_renamed(path, k)) for path in there))
    for path in there:
        try:
            path.rename(_renamed(path, number))
        except OSError as error:
            raise FxaiError(f"cannot rename {path}, which another trial left: {error.strerror or error}") from error


def _renamed(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}~{number}")


def _agree(stored: Mapping[str, JsonValue], identity: Mapping[str, JsonValue], request: TrialRequest) -> bool:
    """A trial that goes on from another's checkpoint has other parameters since, and stays the same trial."""
    compared = identity.keys() - (set() if request.inherited is None else set(_CHANGES))
    return all(stored.get(key) == identity[key] for key in compared)


def _is_known(paths: TrialPaths, request: TrialRequest) -> bool:
    """Whether a folder without an identity is this trial's, by reports that the study holds too."""
    kept = [(report.step, report.value) for report in read_reports(paths.reports)]
    return bool(kept) and kept == list(request.stored_reports or ())


def _set_aside_unknown(paths: TrialPaths, request: TrialRequest) -> None:
    """The checkpoint of FxAI's agents holds an identity, which they compare themselves."""
    own = paths.checkpoint if _holds_identity(paths.checkpoint) else None
    kept = (paths.checkpoint_dir, paths.reports, paths.agent, paths.checkpoint)
    if any(path.exists() for path in kept if path != own):
        set_aside(path for path in _but_inherited(paths, request) if path != own)


def _but_inherited(paths: TrialPaths, request: TrialRequest) -> Sequence[Path]:
    """What a trial leaves in its folder, but for the checkpoint that this trial is to go on from."""
    inherited = None if request.inherited is None else request.inherited.checkpoint
    return [path for path in paths.left if path != inherited]


def _holds_identity(checkpoint: Path) -> bool:
    """Read without torch, which not every worker has loaded."""
    try:
        with safe_open(checkpoint, framework="numpy") as file:
            header = json.loads((file.metadata() or {})[_HEADER])
    except (OSError, SafetensorError, KeyError, ValueError):
        return False
    return isinstance(header, dict) and "identity" in header


def read_reports(path: Path) -> list[Report]:
    """The reports that a trial's worker kept in a file; the last line may have been cut off."""
    try:
        lines = path.read_bytes().split(b"\n")
        return [from_line(Report, line) for line in lines[:-1]]
    except (OSError, ValueError):
        return []
