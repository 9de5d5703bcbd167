"""Finds the user's files on a node: under the parent's paths, or in the working directory that Ray copied."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from fxai.errors import InputError
from fxai.pool.ray.messages import NodeFiles
from fxai.pool.remote.host import reads_probe
from fxai.pool.remote.messages import HostWelcome, SubmitTrial, ToHost
from fxai.spec.fields.environment import MOVED_PATHS, expanded_path
from fxai.spec.fields.source_paths import source_paths


class NodePaths:
    """The paths of one node. On the parent's machine, and where its folders are shared, they are the parent's."""

    def __init__(self, files: NodeFiles, folder: Path) -> None:
        """`folder` is the working directory of the actor, with the shipped files if there are."""
        self.is_shared = reads_probe(files.probe)
        copies = {each.path: str(folder / each.name) for each in files.shipped}
        self._moved: Mapping[str, str] = {} if self.is_shared else copies
        self._files = files

    def enter(self) -> None:
        """Have this process and the processes that it starts find the files."""
        if self.is_shared:
            os.chdir(self._files.folder)
        elif self._moved:
            os.environ[MOVED_PATHS] = json.dumps(self._moved)

    @property
    def missing(self) -> tuple[str, ...]:
        """The paths of data that this node has not. Call `enter` before."""
        return tuple(path for path in self._files.needed if not _has(self._moved.get(path, path)))

    def moved(self, message: ToHost) -> ToHost:
        """A message to the host with the folder of custom code on this node."""
        match message:
            case HostWelcome(plan=plan) if plan is not None:
                return replace(message, plan=replace(plan, folder=self._moved.get(plan.folder, plan.folder)))
            case SubmitTrial(request=request):
                folder = self._moved.get(request.folder, request.folder)
                return replace(message, request=replace(request, folder=folder))
            case _:
                return message


def _has(path: str) -> bool:
    """Whether there are files that a path of a spec names."""
    try:
        return bool(source_paths(expanded_path(path)))
    except (InputError, OSError):  # a variable that this node does not have
        return False
