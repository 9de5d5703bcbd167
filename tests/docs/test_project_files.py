"""The files around the project agree with each other: pyproject, changelog, workflows, CONTRIBUTING, pre-commit."""

import re
import tomllib
from typing import Any

import pytest
import yaml

from docs.pages import REPOSITORY, TASKS, assert_can_be_called, blocks, command_lines, inline_commands, is_ours

PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
CHANGELOG = (REPOSITORY / "CHANGELOG.md").read_text()
CONTRIBUTING = REPOSITORY / "CONTRIBUTING.md"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in (REPOSITORY / ".github/workflows").glob("*.yml")}


def promised_pythons() -> list[str]:
    """The minor versions that `requires-python` allows."""
    first, end = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]).groups()
    return [f"3.{minor}" for minor in range(int(first), int(end))]


def test_the_classifiers_name_the_promised_pythons() -> None:
    named = [text.rpartition(" ")[2] for text in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", text)]
    assert named == promised_pythons()


@pytest.mark.parametrize("job", ["linux", "macos"])
def test_ci_tests_on_the_promised_pythons(job: str) -> None:
    assert WORKFLOWS["ci"]["jobs"][job]["strategy"]["matrix"]["python"] == promised_pythons()


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_actions_are_pinned_by_their_major_version(workflow: str) -> None:
    jobs: dict[str, Any] = WORKFLOWS[workflow]["jobs"]
    used = [step["uses"] for job in jobs.values() for step in job["steps"] if "uses" in step]
    assert used
    for action in used:
        assert re.fullmatch(r"[\w/-]+@(v|release/v)\d+", action), action


def test_the_changelog_begins_with_the_current_version() -> None:
    versions = re.findall(r"^## (\S+) - (?:\d{4}-\d\d-\d\d|Unreleased)$", CHANGELOG, re.MULTILINE)
    assert versions[0] == PROJECT["version"]
    assert len(versions) == len(re.findall(r"^## ", CHANGELOG, re.MULTILINE))


def test_the_commands_of_contributing_are_there() -> None:
    shown = [line for block in blocks("bash", [CONTRIBUTING]) for line in command_lines(block)]
    commands = [line for line in [*shown, *inline_commands(CONTRIBUTING)] if is_ours(line) and " " in line]
    assert "poe before-push" in commands
    for line in commands:
        assert_can_be_called(line, in_full=False)


def test_contributing_sets_up_as_the_readme_does() -> None:
    (line,) = re.findall(r"^(python3 -m venv .*/poetry install)$", CONTRIBUTING.read_text(), re.MULTILINE)
    assert f"{line} && " in (REPOSITORY / "README.md").read_text()


def test_pre_commit_checks_with_the_tools_of_poe_lint() -> None:
    (local,) = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = {hook["entry"].removeprefix(".venv/bin/") for hook in local["hooks"]}
    assert hooks == {command.removesuffix(" .").replace(" --check", "") for command in TASKS["lint"]["sequence"]}
