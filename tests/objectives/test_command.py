"""A user's program as an objective."""

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from drive_workers import PATIENCE, events_until, result_of
from fxai.pool import InlinePool, Limits, LocalPool
from fxai.protocol import Cause, Decision, LanePlan, Report, Slot, TrialPaths, TrialRequest, TrialResult, TrialState

PLAN = LanePlan("command", {})
REPORT = 'echo "{\\"step\\": %s, \\"value\\": %s}" >> "$FXAI_REPORTS"; '


def request(folder: Path, *command: str, number: int = 1, **params: Any) -> TrialRequest:
    return TrialRequest(
        study="test",
        number=number,
        attempt=0,
        objective="command",
        params=params,
        config={"epochs": 3, **params},
        base_config={},
        seeds=(number,),
        metric="accuracy",
        directory=folder / f"{number:05d}",
        command=command,
        folder=str(folder),
    )


def shell(folder: Path, script: str, number: int = 1, **params: Any) -> TrialRequest:
    return request(folder, "sh", "-c", script, number=number, **params)


def python(folder: Path, script: str, **params: Any) -> TrialRequest:
    return request(folder, "{python}", "-c", script, **params)


def gone(pids: list[float]) -> bool:
    processes = [psutil.Process(int(pid)) for pid in pids if psutil.pid_exists(int(pid))]
    return not psutil.wait_procs(processes, timeout=PATIENCE)[1]


def run(made: TrialRequest) -> TrialResult:
    with InlinePool() as workers:
        return result_of(workers, made)


def test_a_trial_reports_by_a_file_or_a_descriptor(tmp_path: Path):
    script = REPORT % (1, 0.5) + 'echo \'{"step": 2, "accuracy": 0.75, "loss": 0.1}\' >&"$FXAI_REPORT_FD"'
    with LocalPool([Slot(0)], tmp_path, PLAN) as workers:
        workers.submit(request(tmp_path, "bash", "-c", script))
        events = events_until(workers, lambda event: isinstance(event, TrialResult))
    reports = [event for event in events if isinstance(event, Report)]
    assert reports == [Report(1, 1, 0.5), Report(1, 2, 0.75, {"loss": 0.1})]
    assert (events[-1].state, events[-1].value) == (TrialState.COMPLETE, 0.75)


def test_a_line_without_a_step_is_the_outcome(tmp_path: Path):
    result = run(shell(tmp_path, REPORT % (1, 0.5) + 'echo \'{"value": 0.9, "size": 3}\' > "$FXAI_REPORTS"'))
    assert (result.value, result.metrics) == (0.9, {"size": 3.0})


def test_a_last_line_needs_no_newline(tmp_path: Path):
    assert run(shell(tmp_path, 'printf \'{"value": 0.9}\' > "$FXAI_REPORTS"')).value == 0.9


def test_parameters_are_in_arguments_environment_and_file(tmp_path: Path):
    script = (
        "import json, os, sys\n"
        "params = {'training.rate': 0.5, 'layers': [64, 32], 'deep': True}\n"
        "assert sys.argv[1:] == ['--training.rate=0.5', '--layers=[64, 32]', '--deep=true', 'rate: 0.5', '7']\n"
        "assert os.environ['FXAI_PARAM_TRAINING_RATE'] == '0.5'\n"
        "assert json.loads(os.environ['FXAI_PARAMS']) == params\n"
        "assert (os.environ['FXAI_SEED'], os.environ['FXAI_TRIAL']) == ('7', '7')\n"
        "request = json.load(open(os.environ['FXAI_REQUEST']))\n"
        "assert request['params'] == params and request['config']['epochs'] == 3 and request['seeds'] == [7]\n"
        "assert os.path.isdir(request['checkpoint_dir'])\n"
        "assert request['checkpoint_dir'] == os.environ['FXAI_CHECKPOINT_DIR']\n"
        f"assert os.getcwd() == {str(tmp_path)!r}\n"
        "open(os.environ['FXAI_REPORTS'], 'a').write('{\"value\": 1}')\n"
    )
    params = {"training.rate": 0.5, "layers": "[64, 32]", "deep": True}
    words = ("{python}", "-c", script, "{params}", "rate: {training.rate}", "{seed}")
    result = run(request(tmp_path, *words, number=7, **params))
    assert (result.state, result.error) == (TrialState.COMPLETE, None)


def test_printed_output_is_in_the_log(tmp_path: Path):
    made = shell(tmp_path, "echo to stdout; echo to stderr >&2; " + REPORT % (1, 0.5))
    with LocalPool([Slot(0)], tmp_path, PLAN) as workers:
        assert result_of(workers, made).state is TrialState.COMPLETE
    assert sorted(TrialPaths(made.directory).log.read_text().splitlines()) == ["to stderr", "to stdout"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 3", "the command exited with status 3"),
        ("echo no such bar >&2; exit 1", "the command exited with status 1: no such bar"),
        (REPORT % (1, 0.5) + "kill -SEGV $$", "the command was killed by SIGSEGV"),
        ("true", "the command ended without a report"),
        ('echo rubbish >> "$FXAI_REPORTS"; sleep 1000', "a report must be a line of JSON, not 'rubbish'"),
        ('head -c 3000000 /dev/zero > "$FXAI_REPORTS"; sleep 1000', "more than 1,000,000 bytes without an end of line"),
        ("echo 5 >> $FXAI_REPORTS", "a report must be a mapping"),
        ("python3 -c \"print('[' * 100000)\" >> $FXAI_REPORTS", "a report must be a line of JSON, not '[[["),
        ("printf '\\xff\\xfe{\\n' >> $FXAI_REPORTS", "a report must be a line of JSON"),
        ('echo \'{"step": 1, "value": "much"}\' >> $FXAI_REPORTS', "value must be a number, not 'much'"),
        ('echo \'{"step": 1, "loss": 1}\' >> $FXAI_REPORTS', "no 'value' and no 'accuracy'"),
    ],
)
def test_a_failure_has_its_cause(tmp_path: Path, script: str, message: str):
    result = run(shell(tmp_path, script))
    assert (result.state, result.error.cause) == (TrialState.FAIL, Cause.EXCEPTION)
    assert message in result.error.message


def test_a_missing_program_fails_with_its_name(tmp_path: Path):
    result = run(request(tmp_path, "no-such-program"))
    assert "the command cannot be started: no-such-program: No such file or directory" in result.error.message


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_an_invalid_argument_fails_only_the_trial(tmp_path: Path, text: str):
    before = descriptors()
    result = run(request(tmp_path, "true", "{text}", text=text))
    assert "an argument is not valid" in result.error.message
    assert descriptors() == before


ARGPARSE = (
    "import argparse, json, os\n"
    "parser = argparse.ArgumentParser()\n"
    "parser.add_argument('--deep', action='store_true')\n"
    "parser.add_argument('--clip', type=float)\n"
    "parser.add_argument('--net', type=int, nargs='+')\n"
    "given = parser.parse_args()\n"
    "open(os.environ['FXAI_REPORTS'], 'a').write(json.dumps({'value': len(given.net), 'deep': given.deep + 0}))\n"
)
FLAGS = {"deep": True, "clip": None, "net": "[64, 64]"}


def test_arguments_fit_the_parser_of_the_program(tmp_path: Path):
    made = python(tmp_path, ARGPARSE, **FLAGS)
    made = replace(made, command=(*made.command, "{params}"), argument_style={"booleans": "flag", "nulls": "omit"})
    failed = run(made)
    assert "argument --net: invalid int value: '[64, 64]'" in failed.error.message
    assert "argument_style" not in failed.error.message, "it has one"
    result = run(replace(made, argument_style={**made.argument_style, "lists": "values"}))
    assert (result.value, result.metrics) == (2.0, {"deep": 1.0})


def test_a_failure_to_read_arguments_names_argument_styles(tmp_path: Path):
    made = python(tmp_path, ARGPARSE, **FLAGS)
    failed = run(replace(made, command=(*made.command, "{params}")))
    assert "ignored explicit argument 'true'; the command was given deep=true, clip=null, net=[64, 64];" in (
        failed.error.message
    )
    assert "argument_style: --flag" in failed.error.message
    dashed = python(tmp_path, ARGPARSE.replace("--deep", "--is-deep"), is_deep="a")
    failed = run(replace(dashed, command=(*dashed.command, "{params}")))
    assert "argument_style: {form: --flag, dashes: true}" in failed.error.message
    reported = run(shell(tmp_path, REPORT % (1, 0.5) + "exit 1", deep=True))
    assert reported.error.message.startswith("the command exited with status 1 (log: ")
    assert "argument_style" not in run(shell(tmp_path, "exit 1", deep=True)).error.message, "it is not an argument"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9" * 310, "-" + "9" * 310])
def test_a_last_value_that_is_not_finite_fails(tmp_path: Path, value: str):
    result = run(shell(tmp_path, f'echo \'{{"step": 1, "value": {value}}}\' >> $FXAI_REPORTS'))
    assert (result.state, result.error.cause) == (TrialState.FAIL, Cause.NOT_FINITE)


def test_reports_that_cannot_be_stored_are_ignored(tmp_path: Path):
    odd: list[dict[str, Any]] = [
        {"step": step, "value": 1} for step in (5, 5, 3, -1, 0.5, 2**63, 10**309, "6", None, [7], True)
    ]
    values: tuple[Any, ...] = (math.nan, math.inf, 10**309, "1", True, None, {"a": 1}, [])
    odd += [{"step": 6, "value": value} for value in values]
    odd += [{"step": 7}, {"step": 8, "value": 2, "deep": {"er": 1}, "": 1, "m" * 5000: 1, "fxai:seed": 1, "\ud800": 1}]
    lines = "\n".join(json.dumps(line) for line in odd) + "\n"
    made = python(tmp_path, f"import os; open(os.environ['FXAI_REPORTS'], 'a').write({lines!r})")
    with LocalPool([Slot(0)], tmp_path, PLAN) as workers:
        workers.submit(made)
        events = events_until(workers, lambda event: isinstance(event, TrialResult))
    reports = [event for event in events if isinstance(event, Report)]
    assert [(each.step, each.value, each.metrics) for each in reports if not each.passed_over] == [
        (5, 1.0, {}),
        (8, 2.0, {}),
    ]
    assert [each.flaw for each in reports if each.flaw] == ["reported step 5 after step 5; steps must rise"]
    assert (events[-1].state, events[-1].value) == (TrialState.COMPLETE, 2.0)


def test_output_of_any_kind_and_size_is_only_logged(tmp_path: Path):
    made = shell(tmp_path, "head -c 300000 /dev/urandom >&2; head -c 300000 /dev/urandom; " + REPORT % (1, 0.5))
    with LocalPool([Slot(0)], tmp_path, PLAN) as workers:
        assert result_of(workers, made).value == 0.5


WITH_CHILDREN = (
    "import json, os, subprocess, sys, time, signal\n"
    "signal.signal(signal.SIGTERM, {on_term})\n"
    "sleep = [sys.executable, '-S', '-c', 'import time; time.sleep(1000)']\n"
    "near, far = subprocess.Popen(sleep), subprocess.Popen(sleep, start_new_session=True)\n"
    "said = dict(step=1, value=0, me=os.getpid(), near=near.pid, far=far.pid)\n"
    "open(os.environ['FXAI_REPORTS'], 'a').write(json.dumps(said) + chr(10))\n"
    "time.sleep(1000)\n"
)


def test_a_pruned_trial_is_terminated_with_all_its_children(tmp_path: Path):
    told = []
    made = python(tmp_path, WITH_CHILDREN.replace("{on_term}", "lambda *_: (print('saving'), sys.exit(1))"))
    with LocalPool([Slot(0)], tmp_path, PLAN) as workers:
        result = result_of(workers, made, lambda report: told.append(report) or Decision.PRUNE)
        assert result.state is TrialState.PRUNED
        assert gone([told[0].metrics[name] for name in ("me", "near", "far")])
        assert result_of(workers, shell(tmp_path, REPORT % (1, 0.5), number=2)).state is TrialState.COMPLETE
    assert "saving" in TrialPaths(made.directory).log.read_text(), "it had time to"


def test_a_hanging_trial_is_terminated_with_all_its_children(tmp_path: Path):
    told = []
    limits = Limits(seconds_without_progress=1.5)
    with LocalPool([Slot(0)], tmp_path, PLAN, limits=limits) as workers:
        made = python(tmp_path, WITH_CHILDREN.replace("{on_term}", "signal.SIG_IGN"))
        result = result_of(workers, made, lambda report: told.append(report) or Decision.CONTINUE)
    assert (result.state, result.error.cause) == (TrialState.FAIL, Cause.NO_PROGRESS)
    assert gone([told[0].metrics[name] for name in ("me", "near", "far")])


def test_closing_the_workers_leaves_no_process(tmp_path: Path):
    with LocalPool([Slot(0)], tmp_path, PLAN) as workers:
        workers.submit(python(tmp_path, WITH_CHILDREN.replace("{on_term}", "signal.SIG_IGN")))
        report = events_until(workers, lambda event: isinstance(event, Report))[-1]
    assert gone([report.metrics[name] for name in ("me", "near", "far")])


def test_a_returned_trial_continues_from_its_checkpoint(tmp_path: Path):
    script = (
        "import json, os, time\n"
        "path = os.environ['FXAI_CHECKPOINT_DIR'] + '/step'\n"
        "done = int(open(path).read()) if os.path.exists(path) else 0\n"
        "for step in range(done + 1, 5):\n"
        "    open(path, 'w').write(str(step))\n"
        "    with open(os.environ['FXAI_REPORTS'], 'a') as reports:\n"
        "        reports.write(json.dumps({'step': step, 'value': done}) + chr(10))\n"
        "    time.sleep(0.5)\n"
    )
    made, told = python(tmp_path, script), []
    with LocalPool([Slot(0)], tmp_path, PLAN) as workers:
        stopped = result_of(workers, made, lambda r: Decision.STOP if r.step == 2 else Decision.CONTINUE)
        assert stopped.state is TrialState.RETURNED
        result = result_of(workers, made, lambda report: told.append(report.step) or Decision.CONTINUE)
    assert told == [1, 2, 3, 4]
    assert result.value == 2


def test_the_environment_of_the_worker_is_passed_on(tmp_path: Path):
    script = (
        "import json, os; open(os.environ['FXAI_REPORTS'], 'a').write(json.dumps({'value': 3.0}))\n"
        "assert os.environ['MARK'] == '5' and os.environ['OMP_NUM_THREADS'] == '2'"
    )
    with LocalPool([Slot(0, threads=2, environment={"MARK": "5"})], tmp_path, PLAN) as workers:
        assert result_of(workers, python(tmp_path, script)).value == 3.0


def test_orphans_of_other_processes_are_not_adopted_after_a_trial(tmp_path: Path):
    assert run(shell(tmp_path, REPORT % (1, 0.5))).state is TrialState.COMPLETE
    sleep = "import time; time.sleep(9)"
    script = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-S', '-c', {sleep!r}], stdout=subprocess.DEVNULL)\n"
        "print(child.pid, flush=True)\n"
    )
    orphan = psutil.Process(int(subprocess.check_output([sys.executable, "-c", script], stderr=subprocess.DEVNULL)))
    assert orphan.ppid() != os.getpid()
    orphan.kill()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_trial_leaves_no_open_descriptor_and_only_its_own_files(tmp_path: Path):
    made = shell(tmp_path, REPORT % (1, 0.5))
    before = descriptors()
    assert run(made).state is TrialState.COMPLETE
    assert descriptors() == before
    assert sorted(path.name for path in made.directory.iterdir()) == ["checkpoint", "request.json", "trial.log"]
    assert json.loads((made.directory / "request.json").read_text())["study"] == "test"
