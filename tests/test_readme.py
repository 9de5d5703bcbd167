"""What the README says is so."""

import re
import tomllib
from pathlib import Path

import pytest

from fxai.cli.app import COMMANDS
from fxai.errors import FxaiError, InputError, StudyHeldError
from fxai.spec.find_spec import find_spec
from fxai.spec.load import load_spec

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text()
TASKS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["poe"]["tasks"]
COMMAND_ROWS = re.findall(r"^\| (.*?) ?\| `(\w[^`]*)` \| .* \|$", README.partition("## The commands")[2], re.MULTILINE)


def test_its_spec_is_one(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "readme.yaml").write_text(block)
    (study,) = load_spec(tmp_path / "readme.yaml").studies
    assert study.n_trials == 50


@pytest.mark.parametrize("row", re.findall(r"^\| `(\w+)` \| `(\w+)` \| (\d+) \|", README, re.MULTILINE))
def test_the_shipped_searches_are_as_it_lists_them(row: tuple[str, str, str]) -> None:
    spec, study_name, trials = row
    (study,) = load_spec(find_spec(spec)).studies
    assert (study.study_name, study.n_trials) == (study_name, int(trials))


def test_it_lists_all_shipped_searches() -> None:
    assert set(re.findall(r"^\| `(\w+_\w+)` \| `fx_ai", README, re.MULTILINE)) == {
        path.stem for path in (REPOSITORY / "config" / "optuna").glob("*.yaml")
    }


@pytest.mark.parametrize("row", COMMAND_ROWS, ids=str)
def test_its_commands_and_tasks_are_there(row: tuple[str, str]) -> None:
    tasks, command = row
    assert command.split()[0] in COMMANDS
    assert {task.split()[0] for task in re.findall(r"`([^`]+)`", tasks)} <= set(TASKS)


def test_it_has_rows_for_commands() -> None:
    assert len(COMMAND_ROWS) == 11


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)\)", README))
def test_what_it_links_to_is_there(target: str) -> None:
    assert (REPOSITORY / target).is_file()


def test_its_exit_codes_are_those_of_the_errors() -> None:
    assert "0 done, 1 it ran and failed, 2 the input is wrong, 3 another run holds the study" in README
    assert (FxaiError.exit_code, InputError.exit_code, StudyHeldError.exit_code) == (1, 2, 3)


def test_it_opens_with_two_lines_to_paste() -> None:
    first, second = re.findall(r"```bash\n(.*?)\n```", README, re.DOTALL)[:2]
    assert "\n" not in first + second
    assert first.endswith("python optuna_optimization.py --spec config/optuna/quick_search.yaml")
    assert second.endswith("poe test")
