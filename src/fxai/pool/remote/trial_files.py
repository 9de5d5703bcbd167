"""The files of a trial's folder that travel between host and parent."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fxai.protocol import TrialPaths, TrialRequest


@dataclass(slots=True)
class FolderChanges:
    """Compares a trial's folder on a host with what the parent has of it."""

    folder: Path
    _known: dict[str, tuple[int, int, int]] = field(default_factory=dict)  # size, time and inode of each file

    def note(self) -> None:
        """Note that the parent has all files as they are now."""
        self.changed(ended=True)

    def changed(self, *, ended: bool) -> Sequence[str]:
        """Paths of the files that have changed since they were last returned.

        While the trial runs these are what it continues from; at its end, all that it leaves.
        """
        paths = TrialPaths(self.folder)
        running = (paths.identity, paths.checkpoint_dir, paths.reports, paths.checkpoint)
        changed: list[str] = []
        for file in files_of(paths.left if ended else running):
            try:
                status = file.stat()
            except OSError:  # it has just been replaced or removed
                continue
            name, state = file.relative_to(self.folder).as_posix(), (status.st_size, status.st_mtime_ns, status.st_ino)
            if self._known.get(name) != state:
                self._known[name] = state
                changed.append(name)
        return changed

    def removed(self) -> Sequence[str]:
        """Paths of the files that the parent has and that are here no more."""
        removed = [name for name in self._known if not (self.folder / name).exists()]
        for name in removed:
            del self._known[name]
        return removed


def files_of(paths: Sequence[Path]) -> Iterator[Path]:
    """The regular files among the paths and in their folders, without files that are just being written."""
    for path in paths:
        if path.is_dir():
            for folder, _, names in os.walk(path):
                yield from files_of([Path(folder) / name for name in sorted(names)])
        elif path.is_file() and not (path.name.startswith(".") and path.name.endswith(".tmp")):
            yield path


def inherited_name(request: TrialRequest) -> str | None:
    """Path of the inherited checkpoint in the trial's folder on a host. None if the trial inherits none."""
    inherited = request.inherited
    return None if inherited is None else TrialPaths(Path()).inherited(inherited.step).name
