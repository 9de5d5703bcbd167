"""The files of trials on hosts that do not reach the study's folder."""

from dataclasses import replace
from pathlib import Path

from drive_workers import events_until, request_for, result_of
from fxai.pool import WorkerLost
from fxai.pool.remote.file_sender import PART_BYTES
from fxai.protocol import Cause, Decision, Inherited, Report, TrialPaths, TrialResult, TrialState
from host_processes import OWN_FOLDER, remote_workers, wait_for_workers


def test_a_trials_files_are_at_the_parent_before_its_result(tmp_path: Path):
    with remote_workers(tmp_path, environment=OWN_FOLDER) as (workers, hosts):
        hosts.join("far")
        wait_for_workers(workers, 1)
        request = request_for("leaves_files", 1, tmp_path, size=3 * PART_BYTES)
        paths = TrialPaths(request.directory)
        workers.submit(request)
        while True:
            events = workers.events(1.0)
            for event in events:
                if isinstance(event, Report):
                    assert paths.checkpoint.read_text() == str(event.step), "the checkpoint comes before the report"
                    workers.answer(1, Decision.CONTINUE)
            if any(isinstance(event, TrialResult) for event in events):
                break
        assert paths.agent.stat().st_size == 3 * PART_BYTES
        assert paths.returns.read_bytes() == b""
        assert sorted(path.name for path in (paths.checkpoint_dir / "inner").iterdir()) == ["2"]
        assert paths.log.read_text() == "it ran in another folder\n"
        assert not paths.checkpoint.exists()
        assert not paths.identity.exists()
        assert not list(tmp_path.glob("hosts/far/trials/*")), "the host has deleted its own"


def test_a_trial_continues_on_another_host_from_its_last_checkpoint(tmp_path: Path):
    with remote_workers(tmp_path, environment=OWN_FOLDER) as (workers, hosts):
        first = hosts.join("first")
        wait_for_workers(workers, 1)
        request = request_for("continues", 1, tmp_path, steps=4)
        workers.submit(request)
        events_until(workers, lambda event: isinstance(event, Report) and event.step == 2)
        hosts.join("second")
        first.kill()
        lost = events_until(workers, lambda event: isinstance(event, WorkerLost))[-1]
        assert isinstance(lost, WorkerLost)
        assert lost.trials == (1,)
        wait_for_workers(workers, 1)
        workers.submit(replace(request, attempt=1))
        events = events_until(workers, lambda event: isinstance(event, TrialResult))
        assert [event.step for event in events if isinstance(event, Report)] == [3, 4]
        assert events[-1].state is TrialState.COMPLETE


def test_an_inherited_checkpoint_travels_to_the_host(tmp_path: Path):
    with remote_workers(tmp_path, environment=OWN_FOLDER) as (workers, hosts):
        hosts.join("far")
        wait_for_workers(workers, 1)
        checkpoint = tmp_path / "donor" / "checkpoint.safetensors"
        checkpoint.parent.mkdir()
        checkpoint.write_text("5")
        request = request_for("continues", 1, tmp_path, steps=7)
        workers.submit(replace(request, inherited=Inherited(2, 5, checkpoint)))
        events = events_until(workers, lambda event: isinstance(event, TrialResult))
        assert [event.step for event in events if isinstance(event, Report)] == [6, 7]


def test_files_of_another_trial_are_renamed_at_the_parent(tmp_path: Path):
    with remote_workers(tmp_path, environment=OWN_FOLDER) as (workers, hosts):
        hosts.join("far")
        wait_for_workers(workers, 1)
        request = replace(request_for("continues", 1, tmp_path, steps=2), stored_reports=None)
        request.directory.mkdir()
        TrialPaths(request.directory).checkpoint.write_text("1")
        workers.submit(request)
        events = events_until(workers, lambda event: isinstance(event, TrialResult))
        assert [event.step for event in events if isinstance(event, Report)] == [1, 2]
        assert (request.directory / "checkpoint.safetensors~1").read_text() == "1"


def test_messages_name_the_parents_files(tmp_path: Path):
    with remote_workers(tmp_path, environment=OWN_FOLDER) as (workers, hosts):
        hosts.join("far")
        wait_for_workers(workers, 1)
        request = request_for("raises", 1, tmp_path)
        error = result_of(workers, request).error
        assert error is not None
        assert f"(log: {TrialPaths(request.directory).log})" in error.message
        assert "the data are gone" in TrialPaths(request.directory).log.read_text()
        request = request_for("kills_itself", 2, tmp_path)
        workers.submit(request)
        lost = events_until(workers, lambda event: isinstance(event, WorkerLost))[-1]
        assert isinstance(lost, WorkerLost)
        assert f"(log: {TrialPaths(request.directory).log})" in lost.message
        assert lost.cause is Cause.WORKER_LOST


def test_a_large_file_lets_other_messages_pass(tmp_path: Path):
    """While a trial sends an agent of 30 MB, another trial of the host reports."""
    with remote_workers(tmp_path, environment=OWN_FOLDER) as (workers, hosts):
        hosts.join("far", workers=2)
        wait_for_workers(workers, 2)
        workers.submit(request_for("leaves_files", 1, tmp_path, size=30_000_000))
        workers.submit(request_for("counts", 2, tmp_path, steps=100_000))
        reports = 0
        for _ in range(100_000):
            events = workers.events(1.0)
            large = TrialPaths(tmp_path / "00001").directory.glob(".agent*.tmp")
            arriving = any(path.stat().st_size > PART_BYTES for path in large)
            for event in events:
                if isinstance(event, Report):
                    workers.answer(event.number, Decision.CONTINUE)
                    reports += arriving and event.number == 2
            if any(isinstance(event, TrialResult) for event in events):
                break
        assert TrialPaths(tmp_path / "00001").agent.stat().st_size == 30_000_000
        assert reports > 0


def test_a_file_that_cannot_be_written_is_a_warning(tmp_path: Path):
    with remote_workers(tmp_path, environment=OWN_FOLDER) as (workers, hosts):
        hosts.join("far")
        wait_for_workers(workers, 1)
        request = request_for("counts", 1, tmp_path)
        workers.submit(request)
        events_until(workers, lambda event: isinstance(event, Report))
        TrialPaths(request.directory).checkpoint.unlink()
        TrialPaths(request.directory).checkpoint.mkdir()
        workers.answer(1, Decision.CONTINUE)
        events = events_until(workers, lambda event: isinstance(event, TrialResult))
        flaws = [event.flaw for event in events if isinstance(event, Report | TrialResult) and event.flaw]
        assert flaws
        assert "cannot write" in flaws[0]
        assert events[-1].state is TrialState.COMPLETE
