import os
from pathlib import Path

import pytest

from fxai.atomic_write import copy, write_bytes, write_text
from fxai.errors import FxaiError


def test_text_is_written_in_utf8_with_its_folder(tmp_path: Path):
    path = tmp_path / "a" / "b.txt"
    write_text(path, "5 € \n")
    assert path.read_bytes() == "5 € \n".encode()


def test_an_existing_file_is_replaced_and_no_other_file_remains(tmp_path: Path):
    path = tmp_path / "file"
    write_bytes(path, b"a long first content")
    write_bytes(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


def test_a_copy_has_the_same_bytes(tmp_path: Path):
    source = tmp_path / "source"
    source.write_bytes(os.urandom(100_000))
    copy(source, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == source.read_bytes()


def test_a_failed_write_leaves_the_old_file_and_no_temporary_file(tmp_path: Path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(FxaiError, match="cannot write"):
        copy(tmp_path / "missing", path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_created_is_an_error(tmp_path: Path):
    (tmp_path / "results").write_text("a file where the folder should be")
    with pytest.raises(FxaiError, match="cannot write"):
        write_text(tmp_path / "results" / "x.json", "{}")


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path):
    (tmp_path / "plain").touch()
    write_text(tmp_path / "whole", "x")
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode
