"""The user's folders for locks and caches."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fxai.errors import InputError
from fxai.user_folders import cache_directory, state_directory


def test_the_folders_are_below_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_directory() == tmp_path / ".local" / "state" / "fxai"
    assert cache_directory() == tmp_path / ".cache" / "fxai"


def test_a_variable_moves_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_directory() == tmp_path / "fxai"


@pytest.mark.parametrize(
    ("folder", "variable"), [(state_directory, "XDG_STATE_HOME"), (cache_directory, "XDG_CACHE_HOME")]
)
def test_a_user_without_a_home_is_told_what_to_set(
    monkeypatch: pytest.MonkeyPatch, folder: Callable[[], Path], variable: str
) -> None:
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)  # has no entry in the password file
    with pytest.raises(InputError, match=f"HOME or {variable}"):
        folder()
