"""Steps from a study's first trial to its database, and from databases of earlier releases."""

import sqlite3
import warnings
from pathlib import Path

import optuna
import pytest

from fxai.search.studies import load_study, stored_study
from fxai.spec.search.samplers import GridSampler
from small_study import MEMORY, Opener, ask, complete

STEPPED = {"kind": "float", "name": "clip", "low": 0.1, "high": 0.95, "step": 0.1}
WHOLE = {"kind": "int", "name": "n", "low": 1, "high": 10, "step": 4}
WRITTEN = {each / 10 for each in range(1, 10)}


@pytest.mark.parametrize("sampler", ["TPESampler", "RandomSampler", "GPSampler", "QMCSampler", "NSGAIISampler"])
def test_every_sampler_proposes_values_on_steps_without_a_warning(open_study: Opener, url: str, sampler: str) -> None:
    parameters = [STEPPED, WHOLE, {"kind": "float", "name": "decay", "low": 0, "high": 1, "when": {"clip": [0.3, 0.7]}}]
    search = open_study(url, parameters=parameters, sampler={"type": sampler}, n_trials=40, seed=1)
    seen = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(40):
            asked = ask(search)
            assert asked.params["clip"] in WRITTEN
            assert asked.params["n"] in (1, 5, 9)
            assert ("decay" in asked.params) is (asked.params["clip"] in (0.3, 0.7))
            seen.add(asked.params["clip"])
            search.tell(complete(asked, -abs(float(asked.params["clip"] or 0) - 0.7)))
    assert seen & {0.3, 0.7}
    search.close()
    rows = sqlite3.connect(url.removeprefix("sqlite:///")).execute(
        "SELECT param_value FROM trial_params WHERE param_name = 'clip'"
    )
    assert {value for (value,) in rows} == seen


def test_constraints_on_steps_hold_for_all_values_that_they_allow(open_study: Opener) -> None:
    search = open_study(
        MEMORY, parameters=[STEPPED], sampler={"type": "RandomSampler"}, constraints=["clip in [0.3, 0.6, 0.7]"]
    )
    trained = set()
    for _ in range(20):
        asked = ask(search)
        trained.add(asked.params["clip"])
        search.tell(complete(asked))
    assert trained == {0.3, 0.6, 0.7}


def test_rows_of_earlier_releases_are_read_as_written_and_stay_as_they_are(open_study: Opener, url: str) -> None:
    search = open_study(url, parameters=[STEPPED], enqueue=({"clip": 0.3}, {"clip": 0.7}))
    for _ in range(3):
        search.tell(complete(ask(search)))
    search.close()
    database = Path(url.removeprefix("sqlite:///"))
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE trial_params SET param_value = 0.30000000000000004 WHERE param_value = 0.3")
    assert [trial.params["clip"] for trial in load_study(url, "small").trials][1:] == [0.3, 0.7]
    with stored_study(url, "small") as study:
        assert [trial.params["clip"] for trial in study.trials()][1:] == [0.3, 0.7]
    search = open_study(url, parameters=[STEPPED])
    search.tell(complete(ask(search)))
    search.close()
    rows = sqlite3.connect(database).execute("SELECT param_value FROM trial_params").fetchall()
    assert rows[1] == (0.30000000000000004,)


def test_a_grid_tries_each_point_once_among_what_was_enqueued(open_study: Opener, url: str) -> None:
    parameters = [
        {"kind": "categorical", "name": "kind", "choices": (0, True, 2)},
        {"kind": "float", "name": "clip", "low": 0, "high": 0.3, "step": 0.1},
    ]
    enqueue = ({"kind": 2, "clip": 0.1}, {"kind": 2, "clip": 0.1}, {"kind": 0}, {"kind": True, "clip": 0.3})
    order = []
    for _ in range(4):  # ended and resumed in between
        search = open_study(url, parameters=parameters, enqueue=enqueue, sampler={"type": "GridSampler"})
        for _ in range(4):
            if (asked := search.ask()) is not None:
                order.append((asked.params["kind"], asked.params["clip"]))
                search.tell(complete(asked))
        search.close()
    assert search.exhausted == "every point of the search space was tried"
    assert len(order) == len(set(order)) == 12
    assert set(order) == {(kind, clip) for kind in (0, True, 2) for clip in (0.0, 0.1, 0.2, 0.3)}
    assert order[1] == (2, 0.1)
    assert [trial.number for trial in load_study(url, "small").trials] == list(range(12))


def test_a_grid_of_an_earlier_release_continues_without_repeated_points(open_study: Opener, url: str) -> None:
    """Optuna's sampler drew its first trials, in the order of their numbers."""
    parameters = [{"kind": "int", "name": "n", "low": 0, "high": 9}]
    theirs = optuna.create_study(sampler=optuna.samplers.GridSampler({"n": list(range(10))}, seed=0))
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    theirs.optimize(lambda trial: trial.suggest_int("n", 0, 9), n_trials=10)
    search = open_study(url, parameters=parameters, sampler=GridSampler(seed=0), enqueue=({"n": 3},))
    ours = []
    while (asked := search.ask()) is not None:
        ours.append(asked.params["n"])
        search.tell(complete(asked))
    assert sorted(ours) == list(range(10))  # type: ignore[type-var]
    tried = {ours[0], ours[1]}  # the default configuration and what was enqueued
    for number in range(2, 10):
        point = theirs.trials[number].params["n"]
        assert ours[number] == point or point in tried


@pytest.mark.parametrize("sampler", ["TPESampler", "RandomSampler", "CmaEsSampler", "GridSampler"])
def test_steps_on_a_logarithmic_scale_are_stored_rounded(open_study: Opener, url: str, sampler: str) -> None:
    parameters = [
        {"kind": "float", "name": "rate", "low": 0.01, "high": 1, "step": 0.01, "log": True},
        {"kind": "int", "name": "width", "low": 8, "high": 512, "step": 8, "log": True},
    ]
    enqueue = ({"rate": 0.07, "width": 24},)
    search = open_study(url, parameters=parameters, sampler={"type": sampler}, n_trials=30, enqueue=enqueue)
    widths = []
    for _ in range(30):
        asked = ask(search)
        rate, width = asked.params["rate"], asked.params["width"]
        assert isinstance(rate, float)
        assert rate == round(rate, 2)
        assert isinstance(width, int)
        assert width % 8 == 0
        widths.append(width)
        search.tell(complete(asked, -abs(rate - 0.5)))
    assert widths[1] == 24
    if sampler == "RandomSampler":
        assert sorted(widths)[15] < 200  # half of them on a logarithmic scale below 64
    search.close()
    assert [trial.params["width"] for trial in load_study(url, "small").trials] == widths
