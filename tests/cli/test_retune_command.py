"""`fxai retune`: a chain of windows, its page, and data that do not fit."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from cli.conftest import SMALL_SPEC, Finished, Fxai, call_fxai
from fxai.market.reading.synthetic_market import synthetic_market
from inline_workers import train_in_this_process

SPEC = SMALL_SPEC.replace("study_name: small", "study_name: night").replace(
    "verdict: off", "verdict: {seeds: 2, neighbours: 0}"
)
OPTIONS = ("--n-jobs", "1", "--set", "save_study_plots=false")
Retune = Callable[..., Finished]


def write_bars(path: Path, start: int, stop: int, step: int = 1, **further: Any) -> None:
    """Bars start..stop-1 of one market of hours, as a file."""
    bars = synthetic_market(seed=1, bars=2600)
    columns = {name: getattr(bars, name) for name in ("time", "open", "high", "low", "close")}
    pd.DataFrame({**columns, **further}).iloc[start:stop:step].to_csv(path, index=False)


@pytest.fixture(scope="module")
def first_window(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the study `night` on the bars 600 to 1599, and a second window on 700 to 1699."""
    folder = tmp_path_factory.mktemp("windows")
    (folder / "night.yaml").write_text(SPEC)
    write_bars(folder / "bars.csv", 600, 1600)
    with train_in_this_process():
        run = call_fxai(folder, "run", "night.yaml", *OPTIONS, "--set", "data.source=bars.csv", "-q")
        assert run.code == 0, run
        write_bars(folder / "bars.csv", 700, 1700)  # the same file each night
        retuned = call_fxai(folder, "retune", "night", "--data", "bars.csv", *OPTIONS)
    assert retuned.code == 0, retuned
    return folder


@pytest.fixture
def retune(first_window: Path, folder: Path, fxai: Fxai) -> Retune:
    """Retunes in a copy of the folder."""
    shutil.copytree(first_window, folder, dirs_exist_ok=True)

    def call(*arguments: str) -> Finished:
        with train_in_this_process():
            return fxai("retune", *arguments, *OPTIONS)

    return call


def studies(fxai: Fxai) -> dict[str, Any]:
    return {row["study"]: row for row in json.loads(fxai("status", "--json").out)}


def test_a_window_is_a_study_that_begins_with_the_best_trials_of_the_last_one(retune: Retune, fxai: Fxai) -> None:
    before = set(studies(fxai))
    assert before == {"night", "night-2017-03-12"}
    write_bars(Path("later.csv"), 1000, 2000)
    finished = retune("night-2017-03-12", "--data", "later.csv", "--notify", "tee told.json")
    assert finished.code == 0, finished
    assert finished.out.startswith("Window 2 of night: 1,000 bars, 2017-02-")
    assert "Takes over from night-2017-03-12" in finished.out
    (name,) = set(studies(fxai)) - before
    transfer = yaml.safe_load((Path("optuna_results") / name / "transfer.yaml").read_text())
    assert transfer["source"]["study_name"] == "night-2017-03-12"
    assert transfer["window"] == {"root": "night", "number": 2, "searched_before": 0, "tested_before": 0}
    spec = yaml.safe_load((Path("optuna_results") / name / "spec.yaml").read_text())["studies"][0]
    assert spec["training_config"]["data"]["source"] == "later.csv"
    assert spec["enqueue"] == transfer["enqueue"], "those of the window before are not kept"
    told = json.loads(Path("told.json").read_text())
    assert (told["command"], told["studies"][0]["study"]) == ("retune", name)
    assert Path(told["studies"][0]["windows"]) == Path("optuna_results/night/windows.html").absolute()


def test_the_page_has_a_row_for_each_window(retune: Retune) -> None:
    page = Path("optuna_results/night/windows.html").read_text()
    assert "2 windows. The verdict of the last one, night-2017-03-12: " in page
    assert page.index("night-2017-03-12</td>") < page.index("night</td>"), "the latest is first"
    assert "training.learning_rate" in page.replace("<wbr>", "")
    assert retune("night", "--data", "bars.csv").code == 0  # writes the page again
    assert 'href="../night' not in page, "the studies of this test have no report"


def test_the_bars_of_the_last_window_continue_it(retune: Retune, fxai: Fxai) -> None:
    finished = retune("night", "--data", "bars.csv", "--n-trials", "3", "--require", "better")
    assert "bars.csv has the same bars as night-2017-03-12, which is continued." in finished.out
    rows = studies(fxai)
    assert set(rows) == {"night", "night-2017-03-12"}
    assert rows["night-2017-03-12"]["complete"] + rows["night-2017-03-12"]["pruned"] == 3
    better = rows["night-2017-03-12"]["verdict"]["word"].startswith("better")
    assert finished.code == (0 if better else 1)


def test_the_bars_of_the_first_window_are_no_new_window(retune: Retune, fxai: Fxai) -> None:
    write_bars(Path("old.csv"), 600, 1600)
    finished = retune("night", "--data", "old.csv")
    assert (finished.code, set(studies(fxai))) == (0, {"night", "night-2017-03-12"})
    assert finished.out.startswith("old.csv has the same bars as night: there is no new window.\n")
    word = studies(fxai)["night"]["verdict"]["word"]
    assert retune("night", "--data", "old.csv", "--require", "better").code == (0 if word.startswith("better") else 1)


def test_other_bars_with_the_same_end_are_a_window_of_their_own(retune: Retune, fxai: Fxai) -> None:
    write_bars(Path("longer.csv"), 650, 1700)
    finished = retune("night", "--data", "longer.csv", "--top", "0", "--timeout", "1e-9")
    assert "longer.csv ends with the last bar of night-2017-03-12" in finished.out
    assert "Test bars" not in finished.out
    assert "night-2017-03-12-2" in studies(fxai)
    assert "  tries " not in finished.out


def test_test_bars_that_an_earlier_search_used_are_told(retune: Retune) -> None:
    write_bars(Path("history.csv"), 0, 1701)  # its test split begins before those of the earlier windows
    finished = retune("night", "--data", "history.csv", "--timeout", "1e-9")
    assert "The searches of earlier windows used " in finished.out
    assert "its verdict is too favourable" in finished.out
    page = Path("optuna_results/night/windows.html").read_text()
    assert "Its verdict is too favourable" in page.replace("\n", " ")
    assert "Windows that overlap share test bars." in page


@pytest.mark.parametrize(
    ("bars", "message"),
    [
        ({"start": 0, "stop": 1200}, "before the last window: night-2017-03-12 ends at 2017-03-12T19:00:00Z"),
        ({"start": 0, "stop": 2600, "step": 2}, "has bars of 2h 00m, and the bars of night have 1h 00m"),
        ({"start": 900, "stop": 950}, "new.csv has 50 bars"),
    ],
    ids=["earlier", "longer bars", "few bars"],
)
def test_bars_that_do_not_fit_are_refused_and_nothing_is_written(
    retune: Retune, fxai: Fxai, bars: dict[str, int], message: str
) -> None:
    write_bars(Path("new.csv"), **bars)
    before = sorted(Path("optuna_results").rglob("*"))
    finished = retune("night", "--data", "new.csv")
    assert finished.code == 2
    assert message in finished.err
    assert set(studies(fxai)) == {"night", "night-2017-03-12"}
    assert sorted(Path("optuna_results").rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("night", "--data", "missing.csv"), "no data set and no file 'missing.csv'"),
        (("other", "--data", "bars.csv"), "Study 'other' not found"),
        (("night", "--data", "bars.csv", "--require", "worse"), "--require worse: the only value is better"),
        (
            ("night", "--data", "{A: bars.csv}"),
            "the data of night have no named instruments; give one file with --data",
        ),
        (("night", "--data", "bars.csv", "--set", "training.nope=1"), "nope"),
        (("night", "--data", "bars.csv", "--notify", "no-such-program"), "there is no program 'no-such-program'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_arguments_are_one_message(retune: Retune, arguments: tuple[str, ...], message: str) -> None:
    finished = retune(*arguments)
    assert finished.code == 2
    assert message in finished.err


def test_a_window_with_volume_has_further_features(retune: Retune) -> None:
    write_bars(Path("volume.csv"), 1000, 2000, volume=5.0)
    finished = retune("night", "--data", "volume.csv", "--timeout", "1e-9")
    assert "volume.csv gives further features, which night does not have: " in finished.out


def test_the_bars_of_a_study_of_an_earlier_release_are_read_again_or_not_known(retune: Retune) -> None:
    with closing(sqlite3.connect("optuna_studies.db")) as database:
        database.execute("DELETE FROM study_user_attributes WHERE key IN ('fxai:bars', 'fxai:run')")
        database.commit()
    write_bars(Path("new.csv"), 900, 1900)
    finished = retune("night", "--data", "new.csv", "--timeout", "1e-9")  # bars.csv has changed since
    assert "The bars of night are not known: an earlier release ran it" in finished.out
    assert "It is not known whether an earlier window used the test bars" in finished.out
    assert "For the windows after it, it is not known" in Path("optuna_results/night/windows.html").read_text()


def test_the_instruments_stay_those_of_the_first_window(folder: Path, fxai: Fxai) -> None:
    (folder / "night.yaml").write_text(SPEC.replace("verdict: {seeds: 2, neighbours: 0}", "verdict: off"))
    write_bars(folder / "a.csv", 0, 1000)
    source = ("--set", "data.source={A: a.csv}")
    with train_in_this_process():
        assert fxai("run", "night.yaml", *OPTIONS, *source, "-q").code == 0
        write_bars(folder / "a.csv", 100, 1100)
        refused = fxai("retune", "night", "--data", "a.csv", *OPTIONS)
        assert (refused.code, "have the instruments A; give --data '{A: FILE}'" in refused.err) == (2, True)
        assert fxai("retune", "night", "--data", "{A: a.csv}", *OPTIONS, "-q").code == 0


def test_dates_of_a_split_move_with_the_last_bar(folder: Path, fxai: Fxai) -> None:
    (folder / "night.yaml").write_text(SPEC.replace("verdict: {seeds: 2, neighbours: 0}", "verdict: off"))
    write_bars(folder / "bars.csv", 0, 1000)
    dates = ("--set", "data.split.train=2017-01-25", "--set", "data.split.validation=2017-02-03")
    with train_in_this_process():
        run = fxai("run", "night.yaml", *OPTIONS, "--set", "data.source=bars.csv", *dates, "-q")
        assert run.code == 0, run
        write_bars(folder / "bars.csv", 168, 1168)  # hours: a week and its weekend later
        assert fxai("retune", "night", "--data", "bars.csv", *OPTIONS, "-q").code == 0
    moved = synthetic_market(seed=1, bars=1168).time[[999, 1167]]
    days = pd.Timedelta(moved[1] - moved[0])
    (path,) = Path("optuna_results").glob("night-*/spec.yaml")
    split = yaml.safe_load(path.read_text())["studies"][0]["training_config"]["data"]["split"]
    assert pd.Timestamp(split["train"]) - days == pd.Timestamp("2017-01-25")
    assert pd.Timestamp(split["validation"]) - days == pd.Timestamp("2017-02-03")


def test_a_study_of_own_code_has_no_windows(folder: Path, fxai: Fxai) -> None:
    (folder / "own.yaml").write_text(
        "name: own\nsave_study_plots: false\nstudies:\n- study_name: own\n  n_trials: 1\n"
        "  objective: {command: [sh, -c, 'echo 1']}\n  parameters: {x: {type: uniform, low: 0, high: 1}}\n"
    )
    fxai("run", "own.yaml", "-q")
    finished = fxai("retune", "own", "--data", "bars.csv")
    assert finished.code == 2
    assert "own runs code of its own, and FxAI does not know its data" in finished.err
