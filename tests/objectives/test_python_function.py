"""A user's function as an objective, in one process for each trial."""

import math
import re
import shutil
import statistics
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from drive_workers import PATIENCE, events_until, request_for, result_of
from fxai.objectives import python_function
from fxai.pool import InlinePool, Limits, LocalPool
from fxai.protocol import (
    STANDARD_ERROR,
    Cause,
    Decision,
    LanePlan,
    Report,
    Slot,
    TrialPaths,
    TrialRequest,
    TrialResult,
    TrialState,
)

CODE = str(Path(__file__).parent)


def request(function: str, folder: Path, number: int = 1, **params: Any) -> TrialRequest:
    made = request_for(f"user_code:{function}", number, folder, **params)
    return replace(made, folder=CODE, metric="accuracy")


def plan(function: str) -> LanePlan:
    return LanePlan(f"user_code:{function}", {}, folder=CODE)


def gone(pids: list[float]) -> bool:
    processes = [psutil.Process(int(pid)) for pid in pids if psutil.pid_exists(int(pid))]
    return not psutil.wait_procs(processes, timeout=PATIENCE)[1]


def prune(report: Report) -> Decision:
    return Decision.PRUNE


def test_a_trial_reports_and_returns_in_a_process_of_its_own(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path, plan("climbs")) as workers:
        pids = set()
        for number in (1, 2):
            workers.submit(request("climbs", tmp_path, number, x=0.5))
            events = events_until(workers, lambda event: isinstance(event, TrialResult))
            reports = [event for event in events if isinstance(event, Report)]
            assert [(each.step, each.value, each.metrics["twice"]) for each in reports] == [
                (1, 1.5, 2),
                (2, 2.5, 4),
                (3, 3.5, 6),
            ]
            pids.add(reports[0].metrics["pid"])
            result = events[-1]
            assert (result.state, result.value) == (TrialState.COMPLETE, 0.5)
            log = TrialPaths(request("climbs", tmp_path, number).directory).log
            assert log.read_text() == f"trial {number} in objectives\n", "it runs in the folder of its code"
        assert len(pids) == 2
        assert gone([*pids])


@pytest.mark.parametrize(
    ("kind", "value", "metrics"),
    [
        ("float", 1.5, {}),
        ("numpy", 1.5, {}),
        ("mapping by metric", 1.5, {"loss": 2.0}),
        ("mapping by value", 1.5, {}),
        ("tuple", 1.5, {"loss": 2.0}),
        ("nothing after reports", 7.0, {"loss": 0.5}),
    ],
)
def test_values_that_a_function_may_return(tmp_path: Path, kind: str, value: float, metrics: dict[str, float]):
    with InlinePool() as workers:
        result = result_of(workers, request("returns", tmp_path, kind=kind))
    assert (result.state, result.value, result.metrics) == (TrialState.COMPLETE, value, metrics)


@pytest.mark.parametrize(
    ("kind", "cause", "message"),
    [
        ("nothing", Cause.EXCEPTION, "returned nothing and reported nothing"),
        ("text", Cause.EXCEPTION, "value must be a number, not 'much'"),
        ("two values", Cause.EXCEPTION, "returned 2 values; the study optimises accuracy"),
        ("mapping without value", Cause.EXCEPTION, "no 'value' and no 'accuracy'"),
        ("infinity", Cause.NOT_FINITE, "inf at the end"),
    ],
)
def test_values_that_a_function_must_not_return(tmp_path: Path, kind: str, cause: Cause, message: str):
    with InlinePool() as workers:
        result = result_of(workers, request("returns", tmp_path, kind=kind))
    assert result.state is TrialState.FAIL
    assert result.error.cause is cause
    assert message in result.error.message


def test_the_handle_has_config_params_and_seed(tmp_path: Path):
    config: dict[str, Any] = {"model": {"layers": [64, 32]}, "epochs": 3}
    made = replace(request("sees", tmp_path, 5, **{"model.layers": "[64, 32]"}), config=config)
    with InlinePool() as workers:
        assert result_of(workers, made).value == 5


def test_random_draws_depend_on_the_seed(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path, plan("draws")) as workers:
        first, again, other = (
            result_of(workers, replace(request("draws", tmp_path, number), seeds=(seed,)))
            for number, seed in ((1, 7), (2, 7), (3, 8))
        )
    assert (first.value, first.metrics) == (again.value, again.metrics)
    assert (first.value, first.metrics) != (other.value, other.metrics)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("fails", "ValueError: the data are gone"),
        ("exits", "SystemExit: I had enough"),
        ("crashes", "the trial's process was killed by SIGSEGV"),
    ],
)
def test_a_failure_has_its_cause_and_the_next_trial_runs(tmp_path: Path, function: str, message: str):
    with LocalPool([Slot(0)], tmp_path) as workers:
        made = request(function, tmp_path)
        result = result_of(workers, made)
        assert (result.state, result.error.cause) == (TrialState.FAIL, Cause.EXCEPTION)
        assert message in result.error.message
        log = TrialPaths(made.directory).log
        assert str(log) in result.error.message
        assert log.exists()
        assert result_of(workers, request("climbs", tmp_path, 2, x=1.0)).state is TrialState.COMPLETE


@pytest.mark.parametrize(
    ("reports", "kept", "flaw"),
    [
        ([(2, 1.0), (2, 1.0), (1, 1.0), (3, 4.0)], [2, 3], "reported step 2 after step 2; steps must rise"),
        ([(2**63, 1.0), (10**5000, 1.0), (2**63 - 1, 4.0)], [2**63 - 1], "from 0 to 2^63 - 1, not 9223372036854775808"),
        ([(2**60, 1.0), (2**60 + 1, 4.0)], [2**60, 2**60 + 1], ""),
        ([(-1, 1.0), (0.5, 4.0)], [], "a report's step must be a whole number from 0 to 2^63 - 1, not -1"),
        ([(1, math.nan), (2, 10**400), (3, 4.0)], [3], "value is nan at step 1"),
        ([(1, "0.5"), (2, True), (3, {"a": 1}), (4, 4.0)], [4], "value must be a number, not '0.5', at step 1"),
    ],
)
def test_reports_that_cannot_be_stored_are_ignored(
    tmp_path: Path, reports: list[tuple[object, object]], kept: list[int], flaw: str
):
    with InlinePool() as workers:
        workers.submit(request("reports", tmp_path, reports=reports))
        events = events_until(workers, lambda event: isinstance(event, TrialResult))
    told = [event for event in events if isinstance(event, Report)]
    assert [each.step for each in told if not each.passed_over] == kept
    assert [each.flaw for each in told if each.flaw] == ([told[0].flaw or told[1].flaw] if flaw else [])
    assert not flaw or any(flaw in each.flaw for each in told)
    assert (events[-1].state, events[-1].value) == (TrialState.COMPLETE, 4.0), "the value of the last report"


def test_steps_beyond_the_limit_of_the_database_are_ignored_with_one_message(tmp_path: Path):
    reports = [(2**31 - 1, 1.0), (2**31, 2.0), (2**40, "0.5"), (2**41, 4.0)]
    trial = replace(request("reports", tmp_path, reports=reports), most_step=2**31 - 1)
    with InlinePool() as workers:
        workers.submit(trial)
        events = events_until(workers, lambda event: isinstance(event, TrialResult))
    told = [event for event in events if isinstance(event, Report)]
    assert [each.step for each in told if not each.passed_over] == [2**31 - 1]
    (flaw,) = [each.flaw for each in told if each.flaw]
    assert "from 0 to 2^31 - 1, the greatest step that this database holds, not 2147483648" in flaw
    assert (events[-1].state, events[-1].value) == (TrialState.COMPLETE, 4.0)


@pytest.mark.parametrize(
    ("value", "cause", "message"),
    [
        (math.nan, Cause.NOT_FINITE, "nan at the end"),
        (-(10**400), Cause.NOT_FINITE, "-inf at the end"),
        ("0.5", Cause.EXCEPTION, "ended without a value: value must be a number, not '0.5', at step 1"),
    ],
)
def test_a_last_report_without_a_value_fails_the_trial(tmp_path: Path, value: object, cause: Cause, message: str):
    with InlinePool() as workers:
        result = result_of(workers, request("reports", tmp_path, reports=[(1, value)]))
    assert (result.state, result.error.cause) == (TrialState.FAIL, cause)
    assert message in result.error.message


def test_a_trial_whose_folder_is_deleted_is_returned(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path / "logs", plan("saves")) as workers:
        made = request("saves", tmp_path / "trials")

        def delete(report: Report) -> Decision:
            shutil.rmtree(tmp_path / "trials", ignore_errors=True)
            return Decision.CONTINUE

        result = result_of(workers, made, delete)
        assert (result.state, "was deleted while it ran" in result.flaw) == (TrialState.RETURNED, True)
        assert result_of(workers, made).value == 5, "the next run creates the folder"


def test_a_traceback_is_kept(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path, plan("fails")) as workers:
        made = request("fails", tmp_path)
        result = result_of(workers, made)
    assert 'raise ValueError("the data are gone' in result.error.traceback
    assert "user_code.py" in TrialPaths(made.directory).log.read_text()


def test_pruning_ends_all_processes_of_the_trial_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(python_function, "GRACE_SECONDS", 0.5)
    with InlinePool() as workers:  # in this process, whose other children must stay
        mine = psutil.Popen([sys.executable, "-S", "-c", "import time; time.sleep(1000)"])
        told = []
        result = result_of(workers, request("ignores_the_decision", tmp_path), lambda r: told.append(r) or prune(r))
        assert result.state is TrialState.PRUNED
        assert gone([told[0].metrics["trial"], told[0].metrics["far"]])
        assert mine.is_running()
        mine.kill()
        mine.wait()


def test_processes_that_a_trial_leaves_running_are_killed(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path, plan("leaves_a_child")) as workers:
        result = result_of(workers, request("leaves_a_child", tmp_path))
        assert result.state is TrialState.COMPLETE
        assert gone([result.metrics["far"]])


def test_a_hanging_trial_fails_and_its_stack_is_in_the_log(tmp_path: Path):
    limits = Limits(seconds_without_progress=1.5)
    with LocalPool([Slot(0)], tmp_path, plan("hangs"), limits=limits) as workers:
        made, told = request("hangs", tmp_path), []
        result = result_of(workers, made, lambda report: told.append(report) or Decision.CONTINUE)
        assert (result.state, result.error.cause) == (TrialState.FAIL, Cause.NO_PROGRESS)
        assert gone([told[0].metrics[name] for name in ("trial", "near", "far")])
    assert "in hangs" in TrialPaths(made.directory).log.read_text()


@pytest.mark.parametrize("in_child", [False, True])
def test_a_trial_beyond_its_memory_limit_fails_with_the_figure(tmp_path: Path, *, in_child: bool):
    taken = {"megabytes": 500, "in_child": in_child}
    with LocalPool([Slot(0)], tmp_path, limits=Limits(worker_bytes=300_000_000)) as workers:
        result = result_of(workers, request("takes_memory", tmp_path, seconds=1000, **taken))
        assert (result.state, result.error.cause) == (TrialState.FAIL, Cause.OUT_OF_MEMORY)
        assert re.search(
            r"took 0\.[345]\d* GB of memory, more than its limit of 0\.3 GB \(memory_limit_gb\)", result.error.message
        )
        assert 300 < result.usage.peak_memory_mb < 700
        assert result_of(workers, request("climbs", tmp_path, 2, x=1.0)).state is TrialState.COMPLETE


def test_the_peak_memory_is_that_of_all_processes_of_the_trial(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path, plan("takes_memory")) as workers:
        made = request("takes_memory", tmp_path, megabytes=300, in_child=True, seconds=1.5)
        assert 300 < result_of(workers, made).usage.peak_memory_mb < 500


def test_closing_the_workers_leaves_no_process(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path, plan("hangs")) as workers:
        workers.submit(request("hangs", tmp_path))
        report = events_until(workers, lambda event: isinstance(event, Report))[-1]
        workers.answer(1, Decision.CONTINUE)
    assert gone([report.metrics[name] for name in ("trial", "near", "far")])


def test_a_returned_trial_continues_from_its_checkpoint(tmp_path: Path):
    made = request("saves", tmp_path)
    with LocalPool([Slot(0)], tmp_path, plan("saves")) as workers:
        stopped = result_of(workers, made, lambda r: Decision.STOP if r.step == 3 else Decision.CONTINUE)
        assert stopped.state is TrialState.RETURNED
        told = []
        result = result_of(workers, made, lambda report: told.append(report.step) or Decision.CONTINUE)
    assert told == [1, 2, 3, 4, 5], "earlier reports are repeated"
    assert result.value == 2
    assert not TrialPaths(made.directory).reports.exists()


def test_a_trial_with_other_parameters_starts_from_the_beginning(tmp_path: Path):
    made, told = request("saves", tmp_path, x=1.0), []
    with InlinePool() as workers:
        result_of(workers, made, lambda r: Decision.STOP if r.step == 3 else Decision.CONTINUE)
        other = replace(made, params={"x": 2.0})
        result = result_of(workers, other, lambda report: told.append(report.step) or Decision.CONTINUE)
    assert (told, result.value) == ([1, 2, 3, 4, 5], 5), "no checkpoint was used"
    assert (made.directory / "checkpoint~1" / "step").read_text() == "3"
    assert len((made.directory / "reports.jsonl~1").read_text().splitlines()) == 3


def test_a_complete_trial_is_not_continued_from_its_checkpoint(tmp_path: Path):
    made = request("saves", tmp_path)
    with InlinePool() as workers:
        assert [result_of(workers, made).value for _ in range(2)] == [5, 5]
    assert (made.directory / "checkpoint~1" / "step").read_text() == "5"


def test_a_module_with_threads_is_not_forked(tmp_path: Path):
    code = tmp_path / "code"
    code.mkdir()
    (code / "has_threads.py").write_text(
        "import threading, time, os\n"
        "IMPORTED_BY = os.getpid()\n"
        "threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n"
        "def objective(trial):\n"
        "    trial.report(1, 0.0, fresh=int(IMPORTED_BY == os.getpid()))\n"
        "    return float(IMPORTED_BY == os.getpid())\n"
    )
    made = replace(request_for("has_threads:objective", 1, tmp_path), folder=str(code))
    with LocalPool([Slot(0)], tmp_path, LanePlan(made.objective, {}, folder=made.folder)) as workers:
        assert result_of(workers, made).value == 1.0


def test_the_value_of_several_seeds_is_their_mean(tmp_path: Path):
    made = replace(request("by_seed", tmp_path), seeds=(2, 4, 9))
    with LocalPool([Slot(0)], tmp_path, plan("by_seed")) as workers:
        workers.submit(made)
        events = events_until(workers, lambda event: isinstance(event, TrialResult))
    reports = [event for event in events if isinstance(event, Report)]
    assert [(report.step, report.value) for report in reports] == [(1, 5.0), (2, 10.0), (3, (6 + 12 + 90) / 3)]
    assert reports[0].metrics == {"seed": 5.0, STANDARD_ERROR: pytest.approx(statistics.stdev((2, 4, 9)) / 3**0.5)}
    assert (events[-1].value, set(events[-1].metrics)) == (50.0, {STANDARD_ERROR})
    kept = TrialPaths(made.directory).checkpoint_dir
    assert [path.read_text() for path in sorted(kept.glob("seed-*/checkpoint/seed"))] == ["2", "4", "9"]


def test_seeds_must_report_the_same_steps(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path, plan("by_seed")) as workers:
        result = result_of(workers, replace(request("by_seed", tmp_path), seeds=(2, 100)))
    assert "the seeds reported different steps at a time, 1 and 6" in result.error.message


def test_a_report_invalid_for_one_seed_is_ignored_for_all(tmp_path: Path):
    made = replace(request("odd_in_one_seed", tmp_path), seeds=(1, 2))
    with InlinePool() as workers:
        workers.submit(made)
        events = events_until(workers, lambda event: isinstance(event, TrialResult))
    reports = [event for event in events if isinstance(event, Report)]
    assert [each.flaw for each in reports if each.flaw] == ["value is nan at step 1"]
    assert [each.metrics["large"] for each in reports if not each.passed_over] == [-1e308, -1e308]
    assert (events[-1].state, events[-1].value) == (TrialState.COMPLETE, 1e308)


def test_a_score_is_computed_from_reported_metrics(tmp_path: Path):
    made = replace(request("returns", tmp_path, kind="mapping by metric"), metric="score", score="accuracy - loss / 4")
    with InlinePool() as workers:
        result = result_of(workers, made)
        assert (result.value, result.metrics) == (1.0, {"accuracy": 1.5, "loss": 2.0})
        missing = result_of(workers, replace(made, number=2, score="accuracy - size"))
    assert "needs size, which was not reported" in missing.error.message
