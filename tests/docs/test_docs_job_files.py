"""Job files in `examples/` are those of their how-to pages, and work with the programs that they call."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from docs.pages import DOCS, REPOSITORY, assert_can_be_called
from fxai.spec.reading.find_spec import find_spec

PAGES = [DOCS / "how_to" / "slurm.md"]
SLURM = REPOSITORY / "examples" / "slurm"
SCRIPTS = sorted(SLURM.glob("*.sh"))
_SHOWN = re.compile(r"^\[`(examples/[^`]+)`\]\(\.\./\.\./\1\):\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def shown_files(page: Path) -> dict[Path, str]:
    return {REPOSITORY / name: text for name, text in _SHOWN.findall(page.read_text())}


def job_files(folder: str) -> set[Path]:
    return {path for path in (REPOSITORY / "examples" / folder).iterdir() if path.is_file()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_its_job_files_as_they_are(page: Path) -> None:
    shown = shown_files(page)
    assert set(shown) == job_files(page.stem)
    for path, text in shown.items():
        assert text == path.read_text(), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_of_a_job_can_be_called(page: Path) -> None:
    text = page.read_text()
    blocks = re.findall(r"^```(?:sh|console|yml|dockerfile)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in re.findall(r"(?:^|[ $])(fxai [a-z].*)$", block, re.MULTILINE)]
    assert lines
    for line in lines:
        assert_can_be_called(line)
        for spec in re.findall(r"--spec (\w+)", line):
            find_spec(spec)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
@pytest.mark.parametrize(
    ("code", "turns", "put_back"), [(130, "", 1), (130, "49", 1), (130, "50", 0), (0, "", 0), (1, "", 0)]
)
def test_only_an_interrupted_job_of_slurm_is_put_back(
    script: Path, code: int, turns: str, put_back: int, tmp_path: Path
) -> None:
    for name, body in {"srun": f"exit {code}", "scontrol": 'echo "scontrol $*"'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    job = {"SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": "2", "SLURM_RESTART_COUNT": turns}
    environment = {**os.environ, **job, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    ran = subprocess.run(["bash", script], env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (code, "")
    assert ran.stdout == "scontrol requeue 7\n" * put_back
