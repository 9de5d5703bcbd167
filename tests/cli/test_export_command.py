"""`fxai export`, and the use of an export on another machine."""

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Finished, call_fxai
from inline_workers import train_in_this_process


@pytest.fixture(scope="module")
def exported(small_run: tuple[Path, Finished], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """An export in an empty folder, and the output of the command."""
    place = tmp_path_factory.mktemp("elsewhere") / "given"
    made = call_fxai(small_run[0], "export", "small", "--output", "out", "--json")
    assert made.code == 0, made
    shutil.move(small_run[0] / "out", place)
    return place, json.loads(made.out)


def test_it_lists_the_files_that_it_wrote(exported: tuple[Path, dict[str, Any]]) -> None:
    folder, said = exported
    assert said["missing"] == []
    assert said["folder"] == "out"
    assert sorted(str(Path(name).name) for name in said["files"]) == sorted(path.name for path in folder.iterdir())
    assert {"trials.csv", "trials.parquet", "trials.json", "spec.yaml", "README.md"} <= {
        path.name for path in folder.iterdir()
    }


@train_in_this_process()
def test_its_commands_come_to_the_same_elsewhere(exported: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder = shutil.copytree(exported[0], tmp_path / "mine")
    readme = (folder / "README.md").read_text()
    lines = "".join(re.findall(r"```bash\n(.*?)```", readme, re.DOTALL)).splitlines()
    commands = [shlex.split(line) for line in lines]
    assert [command[:2] for command in commands] == [["fxai", "train"], ["fxai", "run"], ["fxai", "best"]]
    best = json.loads((folder / "best_params.json").read_text())
    for command in commands:
        finished = call_fxai(folder, *command[1:])
        assert finished.code == 0, finished
    assert (folder / "again" / "agent.safetensors").read_bytes() == (folder / "best_agent.safetensors").read_bytes()
    replayed = json.loads(call_fxai(folder, "best", "small-replay", "--json").out)
    assert (replayed["best_trial"], replayed["best_value"]) == (best["trial"], best["value"])
    assert f"{best['value']!r}" in readme


def test_one_format_alone_beside_the_results(small_run: tuple[Path, Finished]) -> None:
    made = call_fxai(small_run[0], "export", "small", "--format", "csv")
    assert "Exported to optuna_results/small/export:" in made.out
    folder = small_run[0] / "optuna_results" / "small" / "export"
    assert (folder / "trials.csv").is_file()
    assert not (folder / "trials.parquet").exists()
    shutil.rmtree(folder)
