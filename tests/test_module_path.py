import sys
from pathlib import Path

import pytest

from fxai.module_path import search_modules_in


def test_a_folder_is_searched_first_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = list(sys.path)
    monkeypatch.setattr(sys, "path", list(before))
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "other"
    assert search_modules_in(".") == str(tmp_path)
    assert search_modules_in(str(other)) == str(other)
    assert sys.path == [str(other), str(tmp_path), *before]
    search_modules_in(".")
    assert sys.path == [str(tmp_path), str(other), *before]
