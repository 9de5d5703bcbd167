"""Several runs on one study: each trial is trained once, whoever owns the study and whoever is killed."""

import signal
import time
from pathlib import Path

from database_servers import DatabaseServer
from joined_runs import STUDY, joined_runs


def test_the_killed_owner_of_three_runs_is_replaced(postgresql: DatabaseServer, tmp_path: Path) -> None:
    with joined_runs(tmp_path, postgresql.url(), trials=20, seconds=0.5) as runs:
        others = [runs.start() for _ in range(3)]
        owner = runs.wait_for_owner()
        others.remove(owner)
        runs.wait_for_trials(3)
        runs.go(3)
        runs.wait_until_held(3)
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        second = runs.wait_for_owner()
        assert second in others
        runs.go()
        assert sorted(runs.codes()) == [-signal.SIGKILL, 0, 0], runs.all_output()
        assert runs.states() == ["COMPLETE"] * 20
        assert runs.ledger() == list(range(20))
        row = runs.row()
        assert row is not None
        assert row.generation == 2
        third = next(each for each in others if each is not second)
        assert "│ Total trials     │ 20 " in runs.output(third)
        assert f"Study {STUDY} is finished. Its files are in optuna_results/{STUDY}." in runs.output(third)


def test_a_frozen_owner_is_replaced_and_lends_when_it_wakes_up(postgresql: DatabaseServer, tmp_path: Path) -> None:
    with joined_runs(tmp_path, postgresql.url(), trials=20, seconds=0.3) as runs:
        former = runs.start()
        runs.wait_for_owner()
        lender = runs.start()
        runs.wait_for_trials(2)
        runs.go(2)
        runs.wait_until_held(2)
        former.send_signal(signal.SIGSTOP)
        runs.wait_for(lambda: (row := runs.row()) is not None and row.generation == 2)
        finished = runs.completed()
        runs.go()
        runs.wait_for(lambda: runs.completed() > finished)
        former.send_signal(signal.SIGCONT)
        runs.wait_for(lambda: "another run has taken over the study" in runs.output(former))
        assert runs.codes() == [0, 0], runs.all_output()
        assert "Lends its 1 worker" in runs.output(former)
        assert "Lends its 1 worker" in runs.output(lender)
        assert runs.states() == ["COMPLETE"] * 20
        assert runs.ledger() == list(range(20))


def test_lenders_may_leave_or_be_killed(postgresql: DatabaseServer, tmp_path: Path) -> None:
    with joined_runs(tmp_path, postgresql.url(), trials=9, seconds=0.5) as runs:
        owner = runs.start()
        runs.wait_for_owner()
        leaving, killed = runs.start(), runs.start()
        runs.wait_for_trials(3)
        runs.go(3)
        runs.wait_until_held(3)
        runs.go()
        leaving.send_signal(signal.SIGINT)
        killed.send_signal(signal.SIGKILL)
        assert runs.codes() == [0, 130, -signal.SIGKILL], runs.all_output()
        assert "Interrupted: the other runs continue the study" in runs.output(leaving)
        assert runs.output(owner).count(" Worker ") == 1, "that of the killed run"
        assert " was lost with its host " in runs.output(owner)
        assert runs.states() == ["COMPLETE"] * 9
        assert runs.ledger() == list(range(9))


def test_an_interrupted_owner_hands_the_study_over(postgresql: DatabaseServer, tmp_path: Path) -> None:
    with joined_runs(tmp_path, postgresql.url(), trials=8, seconds=0.3) as runs:
        owner = runs.start()
        runs.wait_for_owner()
        runs.start()
        runs.wait_for_trials(2)
        runs.go()
        runs.wait_for(lambda: runs.completed() >= 2)
        owner.send_signal(signal.SIGINT)
        assert runs.codes() == [130, 0], runs.all_output()
        assert runs.states() == ["COMPLETE"] * 8
        assert runs.ledger() == list(range(8))


def test_the_owner_stays_when_the_server_restarts(postgresql: DatabaseServer, tmp_path: Path) -> None:
    """The server forgets the lock of the study, which a run that lends could take."""
    with joined_runs(tmp_path, postgresql.url(), trials=8, seconds=0.3) as runs:
        owner = runs.start()
        runs.wait_for_owner()
        runs.start()
        runs.wait_for_trials(2)
        runs.go()
        runs.wait_for(lambda: runs.completed() >= 2)
        postgresql.stop()
        time.sleep(1.0)
        postgresql.start()
        assert runs.codes() == [0, 0], runs.all_output()
        assert "will be run again" not in runs.output(owner)
        assert runs.states() == ["COMPLETE"] * 8
        assert runs.ledger() == list(range(8))
        row = runs.row()
        assert row is not None
        assert row.generation == 1
