"""The page on nightly tuning: its commands run, and its files for cron and CI are sound."""

import subprocess
from pathlib import Path

import pandas as pd
import yaml

from cli.conftest import SMALL_SPEC, call_fxai
from docs.pages import DOCS, assert_can_be_called, blocks, command_lines, is_ours
from fxai.market.reading.synthetic_market import synthetic_market
from inline_workers import train_in_this_process

PAGE = DOCS / "how_to" / "nightly.md"
SPEC = SMALL_SPEC.replace("study_name: small", "study_name: night").replace("save_study_plots: false\n", "")


def write_bars(path: Path, start: int, stop: int) -> None:
    bars = synthetic_market(seed=1, bars=stop)
    columns = {name: getattr(bars, name) for name in ("time", "open", "high", "low", "close")}
    pd.DataFrame(columns).iloc[start:].to_csv(path, index=False)


@train_in_this_process()
def test_the_shown_windows_are_tuned_as_shown(tmp_path: Path) -> None:
    first, retune = command_lines(blocks("bash", [PAGE])[0])
    write_bars(tmp_path / "latest_bars.csv", 0, 1000)
    (tmp_path / "search.yaml").write_text(
        SPEC.replace("training_config:\n", "training_config:\n      data: {source: latest_bars.csv}\n")
    )
    run = call_fxai(tmp_path, *first.split()[1:], "--n-jobs", "1", "-q")
    assert run.code == 0, run
    write_bars(tmp_path / "latest_bars.csv", 100, 1100)
    tuned = call_fxai(tmp_path, *retune.split()[1:], "--n-jobs", "1", "-q")
    assert tuned.code == 0, tuned
    page = (tmp_path / "optuna_results" / "night" / "windows.html").read_text()
    (window,) = (tmp_path / "optuna_results").glob("night-2017-*")
    assert f'href="../{window.name}/report.html"' in page
    assert 'href="../night/report.html"' in page


def test_the_workflow_calls_commands_that_exist() -> None:
    (block,) = blocks("yml", [PAGE])
    steps = yaml.safe_load(block.text)["jobs"]["retune"]["steps"]
    lines = [line for step in steps for line in step.get("run", "").splitlines() if is_ours(line)]
    assert [line.split()[1] for line in lines] == ["run", "retune"]
    for line in lines:
        assert_can_be_called(line)


def test_the_scripts_are_sound_shell() -> None:
    scripts = [each.text for each in (*blocks("bash", [PAGE]), *blocks("sh", [PAGE]))]
    for script in scripts:
        subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    assert any("jq" in script for script in scripts)
