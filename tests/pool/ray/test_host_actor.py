"""The actor on a node."""

import os
import sys
from pathlib import Path

from child_process import ChildProcess
from fxai.pool.ray.host_actor import remove_abandoned


def test_the_folders_of_killed_actors_are_deleted(tmp_path: Path) -> None:
    with ChildProcess([sys.executable, "-c", ""]) as ended:
        pass
    names = (f"fxai_ray_{ended.pid}_a", f"fxai_ray_{os.getpid()}_b", "fxai_ray_notes", "other")
    for name in names:
        (tmp_path / name).mkdir()
    remove_abandoned(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(names[1:])
