"""Rows in SQL, read by Optuna's own storage, compared with what the search stored."""

import json
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState
from sqlalchemy import event

from child_process import ChildProcess
from fxai.errors import StorageError
from fxai.protocol import Cause, Report, TrialError, TrialResult, TrialState
from fxai.search import attributes
from fxai.search.asked_trial import AskedTrial
from fxai.search.storage import WriteBehindStorage
from fxai.search.study import Search
from small_study import MEMORY, Opener, ask, complete

FAILURE = TrialError(Cause.WORKER_LOST, "the worker was killed")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["ask", "report", "report", "complete", "prune", "fail", "retry", "put back", "flush", "reopen"]
        ),
        st.integers(0, 7),
        st.floats(-5, 5),
    ),
    max_size=25,
)


def truth(url: str) -> list[FrozenTrial]:
    """The trials as Optuna's own storage reads them."""
    storage = RDBStorage(url)
    trials = storage.get_all_trials(storage.get_study_id_from_name("small"), deepcopy=False)
    storage.engine.dispose()
    return trials


def thought(search: Search) -> list[FrozenTrial]:
    """The trials as the search thinks of them."""
    return search._storage.get_all_trials(search._study_id, deepcopy=False)


class Played:
    """A search to which steps happen, and what must have come of them."""

    def __init__(self, open_study: Opener, url: str) -> None:
        self._open = lambda: open_study(url, pruner={"type": "SuccessiveHalvingPruner", "min_resource": 1})
        self.search = self._open()
        self.running: dict[int, AskedTrial] = {}
        self.told: dict[int, TrialResult] = {}
        self.attempts: dict[int, int] = {}

    def step(self, what: str, index: int, value: float) -> None:
        if what == "ask":
            asked = ask(self.search)
            self.running[asked.number] = asked
            self.attempts[asked.number] = 0
        elif what == "flush":
            self.search._storage.flush()
        elif what == "reopen":
            self._reopen()
        elif self.running:
            self._of_trial(list(self.running)[index % len(self.running)], what, index, value)

    def _of_trial(self, number: int, what: str, index: int, value: float) -> None:
        if what == "report":
            self.search.report(Report(number, index, value))
        elif what == "retry":
            self.running[number] = self.search.retry(number)
            self.attempts[number] += 1
        elif what == "put back":
            self.search.mark_returned(number)
            self.attempts[number] -= 1  # the next opening is not counted against it
            self._reopen()
        else:
            state = {"complete": TrialState.COMPLETE, "prune": TrialState.PRUNED, "fail": TrialState.FAIL}[what]
            result = TrialResult(
                number,
                state,
                seconds=1.0,
                value=value if state is TrialState.COMPLETE else None,
                error=FAILURE if state is TrialState.FAIL else None,
            )
            self.told[number] = self.search.tell(result)
            del self.running[number]

    def _reopen(self) -> None:
        self.search.close()
        self.search = self._open()
        for number in self.running:
            self.attempts[number] += 1
        assert {asked.number: asked.params for asked in self.search.left_running} == {
            number: asked.params for number, asked in self.running.items()
        }


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_sql_holds_what_memory_holds(
    steps: list[tuple[str, int, float]], open_study: Opener, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('played') / 'studies.db'}"
    played = Played(open_study, url)
    for step in steps:
        played.step(*step)
    trials = {trial.number: trial for trial in truth(url)}
    for number, result in played.told.items():  # committed without a flush
        assert trials[number].state.name.lower() == result.state.value
        assert trials[number].user_attrs[attributes.SECONDS] == 1.0
        assert result.state is not TrialState.COMPLETE or trials[number].value == result.value
    for number, asked in played.running.items():
        assert trials[number].state is OptunaState.RUNNING
        assert trials[number].params == asked.params
        assert trials[number].system_attrs.get(attributes.ATTEMPT, 0) == played.attempts[number]
    played.search._storage.flush()
    assert truth(url) == thought(played.search)
    counts = played.search.counts()
    assert counts.running == len(played.running)
    assert counts.finished == len(played.told)


CHILD = """
import sys
from small_study import DEFAULTS, FINGERPRINT, PARAMETERS, ask, complete
from fxai.search.open_search import open_search
from fxai.spec.search.study import StudySpec
from fxai.protocol import Report
spec = StudySpec(study_name="small", parameters=PARAMETERS)
search = open_search(spec, sys.argv[1], fingerprint=FINGERPRINT, default_params=DEFAULTS)
flying = []
while True:
    flying.append(ask(search))
    print("asked", flying[-1].number, flying[-1].params["rate"], flush=True)
    search.report(Report(flying[-1].number, 1, 0.5))
    if len(flying) == 3:
        done = flying.pop(0)
        search.tell(complete(done, done.number / 7))
        print("told", done.number, done.number / 7, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 10])
def test_killed_at_any_moment_loses_nothing_that_was_acknowledged(
    lines: int, open_study: Opener, url: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", CHILD, url]
    with ChildProcess(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as child:
        assert child.stdout is not None
        heard = [child.stdout.readline().split() for _ in range(lines)]
        child.send_signal(signal.SIGKILL)
        heard += [line.split() for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    search = open_study(url)
    trials = truth(url)
    assert [trial.number for trial in trials] == list(range(len(trials)))
    for what, number, value in heard:
        trial = trials[int(number)]
        assert trial.params["rate"] == float(value) if what == "asked" else trial.value == float(value)
    left = {asked.number for asked in search.left_running}
    assert left == {trial.number for trial in trials if trial.state is OptunaState.RUNNING}
    connection = sqlite3.connect(tmp_path / "studies.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


READER = """
import json, sys, optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
trials = optuna.load_study(study_name="small", storage=sys.argv[1]).trials
print(json.dumps([[trial.state.name, trial.params, trial.intermediate_values] for trial in trials]))
"""


def test_another_process_reads_a_running_trial(open_study: Opener, url: str) -> None:
    search = open_study(url)
    asked = ask(search)
    search.report(Report(asked.number, 4, 0.25))
    while search._storage._pending:  # what the loop does while nothing happens
        time.sleep(0.05)
        search.flush()
    out = subprocess.run([sys.executable, "-c", READER, url], capture_output=True, check=True, text=True).stdout
    assert json.loads(out) == [["RUNNING", asked.params, {"4": 0.25}]]


def test_ask_and_tell_are_one_transaction_each(open_study: Opener, url: str) -> None:
    search = open_study(url)
    commits: list[object] = []
    event.listen(search._storage._sql.engine, "commit", commits.append)
    asked = ask(search)
    assert len(commits) == 1
    for step in range(5):
        search.report(Report(asked.number, step, 0.1))
    search.tell(complete(asked))
    assert len(commits) == 2


def half_way(search: Search) -> None:
    with search._storage.one_transaction():
        search._study.ask().suggest_float("rate", 1e-5, 1e-1, log=True)
        search._study.set_user_attr("half", "way")
        raise RuntimeError("half way")


def test_failed_transaction_leaves_nothing_behind(open_study: Opener) -> None:
    search = open_study(MEMORY)
    first = ask(search)
    search.report(Report(first.number, 1, 0.5))
    before = thought(search)
    with pytest.raises(RuntimeError, match="half way"):
        half_way(search)
    assert thought(search) == before
    assert "half" not in search._study.user_attrs
    assert ask(search).number == 1


def test_write_that_the_database_refuses_is_a_storage_error(open_study: Opener, url: str, tmp_path: Path) -> None:
    search = open_study(url)
    asked = ask(search)
    connection = sqlite3.connect(tmp_path / "studies.db")
    connection.execute("DROP TABLE trial_values")
    with pytest.raises(StorageError, match="refuses a write"):
        search.tell(complete(asked))
    assert connection.execute("SELECT state FROM trials WHERE number = 0").fetchone() == ("RUNNING",)
    connection.close()


def test_optunas_own_loop_runs_on_it(url: str) -> None:
    storage = WriteBehindStorage(url)
    study = optuna.create_study(
        storage=storage, study_name="small", pruner=optuna.pruners.HyperbandPruner(max_resource=4)
    )

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", -1, 1)
        for step in range(4):
            trial.report(x, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return x**2

    study.optimize(objective, n_trials=8)
    assert truth(url) == storage.get_all_trials(storage.get_study_id_from_name("small"))
    storage.close()


def test_waits_while_another_program_writes(open_study: Opener, url: str, tmp_path: Path) -> None:
    search = open_study(url)
    asked = ask(search)
    writer = sqlite3.connect(tmp_path / "studies.db", isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    done = threading.Timer(0.3, writer.execute, ["COMMIT"])
    done.start()
    search.tell(complete(asked))
    done.join()
    writer.close()
    assert truth(url)[0].state is OptunaState.COMPLETE
