"""What the pages show can be typed: their specs load, their programs run, their command lines are there."""

import re
import runpy
from contextlib import chdir
from pathlib import Path
from shutil import copytree
from textwrap import indent

import optuna
import pandas as pd
import pytest
import yaml

from cli.conftest import SMALL_SPEC, call_fxai
from docs.pages import DOCS, PAGES, Block, assert_can_be_called, blocks, command_lines, inline_commands, is_ours
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.spec.checks.cross_field_checks import study_problems
from fxai.spec.checks.study_parts import parts_of
from fxai.spec.reading.find_spec import find_spec, shipped_specs
from fxai.spec.reading.load import load_spec, spec_of
from fxai.spec.yaml.yaml_source import parse_yaml

pytestmark = pytest.mark.usefixtures("inline_workers")

OTHER_PROGRAMS = {"cd", "cp", "du", "git", "ls", "nvidia-smi", "pip", "poetry", "python", "unzip", "wandb"}
STUDY, ANOTHER = "fx_ai_quick", "fx_ai_comprehensive"
SHORT = f"{SMALL_SPEC.replace('study_name: small', f'study_name: {STUDY}')}    resources: {{lanes_per_worker: 2}}\n"
SPACE = "parameters:\n  training.gamma: {type: float, low: 0.9, high: 0.99}\n"


@pytest.fixture(scope="module")
def finished_studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the studies of the pages, one of two short trials and a copy, with agents in `agents`, and with the
    small language model."""
    folder = tmp_path_factory.mktemp("documented")
    make_model = runpy.run_path(str(DOCS.parent / "examples" / "llm_signal" / "make_model.py"))["make_model"]
    make_model(folder / "small_llama", ["AAA beats forecasts"] * 50)
    (folder / "search.yaml").write_text(SHORT)
    bars = synthetic_market(seed=1, bars=400)
    prices = {name: getattr(bars, name) for name in ("time", "open", "high", "low", "close")}
    pd.DataFrame({**prices, "volume": 100}).to_csv(folder / "latest_bars.csv", index=False)
    finished = call_fxai(folder, "run", "--spec", "search.yaml", "--n-jobs", "1", "--quiet")
    assert finished.code == 0, finished
    best = f"optuna_results/{STUDY}/{STUDY}_best_config.yaml"
    trained = call_fxai(folder, "train", best, "--seeds", "2", "--save-path", "agents", "--quiet")
    assert trained.code == 0, trained
    storage = f"sqlite:///{folder / 'optuna_studies.db'}"
    optuna.copy_study(from_study_name=STUDY, from_storage=storage, to_storage=storage, to_study_name=ANOTHER)
    return folder


def as_spec(text: str) -> str:
    """A whole spec; keys of a study are put into one."""
    keys = yaml.safe_load(text)
    if keys.keys() & {"studies", "extends"}:
        return text
    space = "" if keys.keys() & {"parameters", "search_space"} else SPACE
    return f"name: shown\nstudies:\n- study_name: shown\n{indent(text + space, '  ')}"


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_a_spec_that_is_shown_is_sound(block: Block) -> None:
    for study in spec_of(parse_yaml(as_spec(block.text), str(block))).studies:
        assert not list(study_problems(parts_of(study)))


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_a_program_that_is_shown_runs(block: Block, finished_studies: Path, tmp_path: Path) -> None:
    copytree(finished_studies, tmp_path, dirs_exist_ok=True)
    with chdir(tmp_path):
        exec(compile(block.text, str(block), "exec"), {"__name__": "__main__"})  # noqa: S102


@pytest.mark.parametrize("block", blocks("bash"), ids=str)
def test_command_lines_that_are_shown_can_be_called(block: Block) -> None:
    for line in command_lines(block):
        if is_ours(line):
            assert_can_be_called(line)
        else:
            assert line.split()[0] in OTHER_PROGRAMS, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_command_lines_in_sentences_can_be_called(page: Path) -> None:
    for line in inline_commands(page):
        assert_can_be_called(line, in_full=False)


def test_the_shown_function_is_tuned_as_shown(tmp_path: Path) -> None:
    pages = [DOCS / "how_to" / "your_own_objective.md"]
    (program, _), (spec, *_), (shell, _) = (blocks(kind, pages) for kind in ("python", "yaml", "bash"))
    (tmp_path / "tuned.py").write_text(program.text)
    (tmp_path / "tuned.yaml").write_text(spec.text)
    check, run, best = command_lines(shell)
    assert "trial 0 completed" in call_fxai(tmp_path, *check.split()[1:]).out
    settings = ("--n-trials", "6", "--set", "save_study_plots=false", "--quiet")
    finished = call_fxai(tmp_path, *run.split()[1:], *settings)
    assert finished.code == 0, finished
    assert "width" in call_fxai(tmp_path, *best.split()[1:]).out


def test_the_shown_rule_is_searched_as_shown(tmp_path: Path) -> None:
    pages = [DOCS / "how_to" / "your_own_objective.md"]
    (_, program), (_, spec, _), (_, shell) = (blocks(kind, pages) for kind in ("python", "yaml", "bash"))
    (tmp_path / "my_rules.py").write_text(program.text)
    (tmp_path / "rules.yaml").write_text(spec.text)
    check, run = command_lines(shell)
    checked = call_fxai(tmp_path, *check.split()[1:])
    assert checked.code == 0, checked
    assert "0 findings" in checked.out
    assert "trial 0 completed" in checked.out
    settings = ("--n-trials", "4", "--set", "save_study_plots=false")
    finished = call_fxai(tmp_path, *run.split()[1:], *settings)
    assert finished.code == 0, finished
    assert "These figures are of the validation split" in finished.out
    assert "fxai verdict" not in finished.out, "it judges agents only"


def test_the_shown_leaks_are_found_as_shown(tmp_path: Path) -> None:
    pages = [DOCS / "how_to" / "leaks.md"]
    (program,), (spec,), (shell,), (output,) = (blocks(kind, pages) for kind in ("python", "yaml", "bash", "console"))
    (tmp_path / "my_features.py").write_text(program.text)
    (tmp_path / "mine.yaml").write_text(spec.text)
    (check,) = command_lines(shell)
    finished = call_fxai(tmp_path, *check.split()[1:])
    assert finished.code == 2
    assert [line.strip() for line in finished.out.splitlines() if "error:" in line] == output.text.splitlines()


def test_the_guide_lists_the_searches_as_they_are() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", (DOCS / "guide.md").read_text(), re.MULTILINE
    )
    assert {row[0] for row in rows} == {path.stem for path in shipped_specs()}
    for name, *figures in rows:
        (study,) = load_spec(find_spec(name)).studies
        training = study.training_config.model_dump()["training"]
        updates = training["max_train_steps" if name.startswith("llm") else "total_updates"]
        assert [study.n_trials, len(study.parameters), study.seeds_per_trial, updates] == list(map(int, figures))
