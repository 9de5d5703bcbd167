"""Hosts over TCP: the handshake, peers that are no hosts, and hosts that leave."""

import contextlib
import json
import os
import signal
import socket
import threading
from pathlib import Path

import pytest

from drive_workers import PATIENCE, events_until, request_for, result_of
from fxai.errors import InputError
from fxai.pool import PoolNotice, WorkerLost
from fxai.pool.remote.handshake import HandshakeError, admit_host, greet_parent, new_token
from fxai.pool.remote.host import HostEnd, WorkerHost
from fxai.pool.remote.remote_pool import RemotePool
from fxai.pool.remote.tcp_host import serve_over_tcp
from fxai.pool.remote.tcp_source import TcpSource
from fxai.pool.remote.thread_host import add_own_host
from fxai.protocol import Decision, Report, Slot, TrialResult, TrialState
from host_processes import NO_LIMITS, TcpHosts, tcp_workers, wait_for_workers


def notice_of(workers: RemotePool) -> str:
    notice = events_until(workers, lambda event: isinstance(event, PoolNotice))[-1]
    assert isinstance(notice, PoolNotice)
    return notice.message


def test_a_wrong_token_is_refused_on_both_sides_and_never_shown(tmp_path: Path):
    with tcp_workers(tmp_path) as (workers, hosts):
        wrong = new_token()
        process = hosts.join("stranger", environment={"HOST_TOKEN": wrong})
        message = notice_of(workers)
        output = process.communicate(timeout=PATIENCE)[0]
        assert message == "The host 127.0.0.1 is not used: it does not know the run's token."
        assert output == f"cannot join the run at 127.0.0.1:{hosts.tcp.address[1]}: it has another token\n"
        for text in (message, output):
            assert wrong not in text
            assert hosts.token not in text
        hosts.join("friend")
        wait_for_workers(workers, 1)
        assert result_of(workers, request_for("counts", 1, tmp_path)).state is TrialState.COMPLETE


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "it sent what is no message of FxAI"),
        (b"\x00" * 10_000, "it sent a line that is too long"),
        (b'{"nonce": 3}\n', "it is no host of FxAI"),
        (json.dumps({"greeting": "fxai host channel", "nonce": "\ud800" * 64}).encode() + b"\n", "it does not know"),
        (b"", "it closed the connection"),
    ],
)
def test_other_programs_that_connect_are_refused(tmp_path: Path, data: bytes, reason: str):
    with tcp_workers(tmp_path, 1) as (workers, hosts):
        with socket.create_connection(hosts.tcp.address) as stranger:
            stranger.sendall(data)
            with contextlib.suppress(OSError):  # the pool may have closed the connection already
                stranger.shutdown(socket.SHUT_WR)
            assert reason in notice_of(workers)
            with socket.create_connection(hosts.tcp.address) as again:  # one notice for each address and reason
                again.sendall(data)
        assert result_of(workers, request_for("counts", 1, tmp_path)).state is TrialState.COMPLETE


def test_the_token_is_not_sent(tmp_path: Path):
    near, far = socket.socketpair()
    token = new_token()
    sent: list[bytes] = []

    class Recorded(socket.socket):
        def sendall(self, data: bytes, flags: int = 0) -> None:  # type: ignore[override]
            sent.append(data)
            super().sendall(data, flags)

    with Recorded(fileno=near.detach()) as parent, Recorded(fileno=far.detach()) as host:
        admitted = threading.Thread(target=admit_host, args=(parent, token))
        admitted.start()
        assert greet_parent(host, token) == b""
        admitted.join()
    assert len(sent) == 3
    assert not any(token.encode() in data for data in sent)


def test_a_parent_without_the_token_is_refused_by_the_host():
    near, far = socket.socketpair()
    with near, far:
        near.sendall(json.dumps({"greeting": "fxai host channel", "nonce": "0" * 64}).encode() + b"\n")
        near.sendall(json.dumps({"proof": "0" * 64}).encode() + b"\n")
        with pytest.raises(HandshakeError, match="it does not know the token"):
            greet_parent(far, new_token())


def test_a_parent_that_does_not_answer_is_one_message(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(InputError, match=rf"no run answers at 127\.0\.0\.1:{port} \(Connection refused\)"):
        serve_over_tcp(WorkerHost("host", [Slot(0)], tmp_path), "127.0.0.1", port, new_token())


def test_an_address_that_cannot_be_used_is_one_message():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InputError, match="cannot wait for hosts on"):
        TcpSource(new_token(), port=taken.getsockname()[1])
    with pytest.raises(InputError, match=r"has 6 characters; it needs at least 16"):
        TcpSource("secret")


def test_a_stopped_host_gives_its_trials_back(tmp_path: Path):
    with tcp_workers(tmp_path, 1) as (workers, hosts):
        leaving = hosts.join("leaving")
        wait_for_workers(workers, 2)
        for number in (1, 2):
            workers.submit(request_for("counts", number, tmp_path, steps=1000))
        reported: set[int] = set()
        while reported != {1, 2}:
            reported |= {event.number for event in workers.events(1.0) if isinstance(event, Report)}
        leaving.send_signal(signal.SIGTERM)
        event = events_until(workers, lambda event: isinstance(event, TrialResult | WorkerLost))[-1]
        assert isinstance(event, TrialResult)
        assert (event.state, event.flaw) == (TrialState.RETURNED, "its host leaving was stopped")
        assert leaving.communicate(timeout=PATIENCE)[0].startswith("LEFT ")
        assert len(workers.activity()) == 1
        workers.answer(3 - event.number, Decision.STOP)
        events_until(workers, lambda event: isinstance(event, TrialResult))


def test_workers_of_the_parents_own_machine_are_a_host_too(tmp_path: Path):
    hosts = TcpHosts(tmp_path / "hosts", {}, 5.0)
    with RemotePool(hosts.tcp, None, NO_LIMITS, tmp_path / "logs") as workers:
        add_own_host(hosts.tcp.sockets, WorkerHost("here", [Slot(0)], tmp_path / "own"), "here")
        hosts.join("there")
        wait_for_workers(workers, 2)
        assert {each.device for each in workers.activity()} == {"cpu on here", "cpu on there"}
        for number in (1, 2):
            workers.submit(request_for("counts", number, tmp_path))
        ended = 0
        while ended < 2:
            for event in workers.events(1.0):
                ended += isinstance(event, TrialResult)
                if isinstance(event, Report):
                    assert event.metrics["pid"] != os.getpid()
                    workers.answer(event.number, Decision.CONTINUE)
    hosts.end()


def test_a_host_ends_with_its_study(tmp_path: Path):
    source = TcpSource(token := new_token())
    ends: list[HostEnd] = []
    with RemotePool(source, None, NO_LIMITS, tmp_path / "logs") as workers:
        host = WorkerHost("host", [Slot(0)], tmp_path / "own")
        address, port = source.address
        served = threading.Thread(target=lambda: ends.append(serve_over_tcp(host, address, port, token).end))
        served.start()
        wait_for_workers(workers, 1)
    served.join(PATIENCE)
    assert ends == [HostEnd.BY_PARENT]
