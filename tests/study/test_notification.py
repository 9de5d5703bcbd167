"""The command of `--notify`: how it is split, what it reads, and what is told if it fails or hangs."""

import json
import os
import time
from pathlib import Path

import pytest

from fxai.errors import InputError
from fxai.study.notification import notify, split_command

SUMMARY = {"state": "finished", "studies": [{"best_value": float("nan"), "study": "a ; rm -rf $HOME `x`"}]}


def test_the_command_reads_the_summary_as_json(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    assert notify(split_command(f"tee '{told}'"), SUMMARY) is None
    assert json.loads(told.read_text()) == {
        "state": "finished",
        "studies": [{"best_value": None, "study": "a ; rm -rf $HOME `x`"}],
    }


def test_words_are_split_as_a_shell_does_and_nothing_is_expanded() -> None:
    text = "sh -c 'jq . > \"$FILE\"' $HOME *.py ~ ; touch injected | cat"
    words = ("sh", "-c", 'jq . > "$FILE"', "$HOME", "*.py", "~", ";", "touch", "injected", "|", "cat")
    assert split_command(text) == words


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sh -c 'open", "cannot be split into words: No closing quotation"),
        ("  ", "--notify is empty"),
        ("no-such-program --now", "there is no program 'no-such-program' that can be executed"),
    ],
)
def test_a_command_that_cannot_run_is_refused_before_the_run(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        split_command(text)


def test_a_file_that_is_no_program_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "tell.sh"
    script.write_text("#!/bin/sh\n")
    with pytest.raises(InputError, match="can be executed"):
        split_command(str(script))
    script.chmod(0o755)
    assert split_command(str(script)) == (str(script),)


def test_a_failure_is_told() -> None:
    assert notify(split_command("sh -c 'exit 7'"), SUMMARY) == "sh exited with 7"
    assert notify(split_command("sh -c 'kill -9 $$'"), SUMMARY) == "sh was ended by signal 9"
    assert notify(("/",), SUMMARY) == "/ could not be started: [Errno 13] Permission denied: '/'"


def test_a_command_that_does_not_read_does_not_block() -> None:
    assert notify(split_command("true"), {"warnings": ["x" * 1_000_000]}) is None


def test_a_command_that_hangs_is_killed_with_its_processes(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    command = split_command(f"sh -c 'sleep 60 & echo $! > {pid}; wait'")
    assert notify(command, SUMMARY, limit=0.5) == "sh did not end within 0.5 s and was killed"
    for _ in range(200):
        if not _runs(int(pid.read_text())):
            return
        time.sleep(0.02)
    raise AssertionError("its process still runs")


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
