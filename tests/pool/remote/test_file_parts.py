"""Files in parts: what arrives is a state of the file, also if the file changes while it is sent."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drive_workers import request_for
from fxai.pool.remote.file_receiver import FileReceiver, is_inside
from fxai.pool.remote.file_sender import MOST_UNCONFIRMED, PART_BYTES, FileSender, FileToSend
from fxai.pool.remote.messages import FilePart
from fxai.pool.remote.parent_files import ParentFiles
from fxai.protocol import TrialResult, TrialState

SENT = FilePart(1, "agent.safetensors", 0, "", last=False)


class Peer:
    """Receives what a sender sends, and confirms a part when it is told to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.received: list[FilePart | str] = []
        self.sender = FileSender[str](self.received.append)
        self._receiver = FileReceiver()

    def arrive(self) -> Sequence[FilePart | str]:
        """Write the parts that were sent since the last call, and confirm them."""
        arrived = list(self.received)
        self.received.clear()
        parts = [each for each in arrived if isinstance(each, FilePart)]
        for part in parts:
            assert not self._receiver.receive(part, self.folder)
        self.sender.confirmed(len(parts))
        return arrived


@given(sizes=st.lists(st.integers(0, 3 * PART_BYTES), min_size=1, max_size=4))
def test_files_arrive_whole_and_before_the_message_after_them(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("target")
    for index, size in enumerate(sizes):
        (source / str(index)).write_bytes(os.urandom(size))
    peer = Peer(target)
    for index in range(len(sizes)):
        peer.sender.add(index, [FileToSend(index, source, str(index))], [f"after {index}"])
    messages: list[str] = []
    while peer.received:
        assert sum(isinstance(each, FilePart) for each in peer.received) <= MOST_UNCONFIRMED * len(sizes)
        for message in [each for each in peer.arrive() if isinstance(each, str)]:
            number = message.removeprefix("after ")
            assert (target / number).read_bytes() == (source / number).read_bytes()
            messages.append(message)
    assert sorted(messages) == [f"after {index}" for index in range(len(sizes))]


def test_a_file_that_changes_while_it_is_sent_arrives_as_it_is_at_the_end(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "file").write_bytes(b"a" * (MOST_UNCONFIRMED + 2) * PART_BYTES)
    peer = Peer(tmp_path)
    peer.sender.add(0, [FileToSend(1, source, "file")], ["after"])
    with (source / "file").open("r+b") as file:
        file.write(b"b" * (MOST_UNCONFIRMED + 2) * PART_BYTES)
    while peer.received:
        peer.arrive()
    assert set((tmp_path / "file").read_bytes()) == set(b"b")


def test_a_message_passes_the_file_of_another_stream(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes((MOST_UNCONFIRMED + 2) * PART_BYTES))
    sent: list[FilePart | str] = []
    sender = FileSender[str](sent.append)
    sender.add(0, [FileToSend(1, tmp_path, "large")], ["after the file"])
    sender.add(1, [], ["at once"])
    assert sent[-1] == "at once"
    assert len(sent) == MOST_UNCONFIRMED + 1
    sender.close()


def test_a_missing_file_is_left_out(tmp_path: Path) -> None:
    sent: list[FilePart | str] = []
    FileSender[str](sent.append).add(0, [FileToSend(1, tmp_path, "gone")], ["after"])
    assert sent == ["after"]


def test_the_incomplete_file_of_an_ended_trial_is_removed(tmp_path: Path) -> None:
    files = ParentFiles(tmp_path / "logs", lambda _: None)
    request = request_for("counts", 1, tmp_path)
    files.receive(SENT, request)
    assert len(list(request.directory.iterdir())) == 1
    files.passed_on(TrialResult(1, TrialState.COMPLETE, 1.0))
    assert not list(request.directory.iterdir())


@given(st.text(max_size=20))
def test_no_path_leaves_its_folder(path: str) -> None:
    folder = Path("/folder")
    if is_inside(path):
        assert Path(os.path.normpath(folder / path)).is_relative_to(folder)
        assert os.path.normpath(folder / path) != str(folder)


def test_paths_outside_are_refused(tmp_path: Path) -> None:
    for path in ("../a", "/a", "a/../../b", "", ".", "a\0b"):
        part = FilePart(1, path, 0, "", last=True)
        assert "no usable name" in FileReceiver().receive(part, tmp_path)
    assert not list(tmp_path.iterdir())
