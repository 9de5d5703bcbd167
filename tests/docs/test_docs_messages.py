"""Messages that the pages quote are FxAI's: each is in the sources, and some are provoked here."""

import ast
import re
import socket
import sqlite3
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

import fxai
from cli.conftest import SMALL_SPEC, call_fxai
from docs.pages import Block, blocks
from fxai.errors import StorageError
from fxai.search import database, sqlite_file
from fxai.search.lock import hold_folder, hold_study
from fxai.search.open_search import open_search
from fxai.search.sqlite_file import check_sqlite
from fxai.spec.reading.load import load_spec
from fxai.spec.search.configure import default_params
from fxai.spec.search.fingerprint import fingerprint

# SQLite's, torch's and Linux's.
OTHERS_WORDS = (
    "database is locked",
    "database or disk is full",
    "CUDA out of memory",
    "No space left on device",
)
QUOTED = [line for block in blocks("text") for line in block.text.splitlines()]


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A folder with a spec, and a database in which its study `small` has begun."""
    (tmp_path / "small.yaml").write_text(SMALL_SPEC)
    (study,) = load_spec(tmp_path / "small.yaml").studies
    url = f"sqlite:///{tmp_path / 'optuna_studies.db'}"
    with open_search(study, url, fingerprint=fingerprint(study), default_params=default_params(study)):
        return tmp_path


@cache
def literals() -> str:
    """All text that the sources hold."""
    return "\n".join(text for path in Path(fxai.__file__).parent.rglob("*.py") for text in _texts(path))


def _texts(path: Path) -> Iterator[str]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def fragments(message: str) -> list[str]:
    """The constant parts of a message; `…` is the rest."""
    for words in OTHERS_WORDS:
        message = message.replace(words, "…")
    return [part for each in message.split("…") if (part := each.strip(" .,;:()'"))]


@pytest.mark.parametrize("message", dict.fromkeys(QUOTED))
def test_a_quoted_message_is_in_the_sources(message: str) -> None:
    for part in fragments(message):
        assert part in literals(), part


@pytest.mark.parametrize("block", blocks("console"), ids=str)
def test_headings_in_shown_output_are_in_the_sources(block: Block) -> None:
    for heading in re.findall(r"^([A-Z][a-z ,]+):$", block.text, re.MULTILINE):
        assert heading in literals(), heading


def assert_quoted(message: str) -> None:
    """The message, as it came, is one that the pages quote."""
    patterns = (".*".join(map(re.escape, quoted.split("…"))) for quoted in QUOTED)
    assert any(re.fullmatch(f"(Error: )?{pattern}", message) for pattern in patterns), message


def test_without_a_database(tmp_path: Path) -> None:
    assert_quoted(call_fxai(tmp_path, "status").err.strip())


@pytest.mark.parametrize("arguments", [("best", "nope"), ("run", "--study", "nope")], ids=" ".join)
def test_an_unknown_study(begun: Path, arguments: tuple[str, ...]) -> None:
    finished = call_fxai(begun, *arguments)
    assert finished.code == 2
    assert_quoted(finished.err.strip())


def test_a_results_folder_that_another_run_holds(begun: Path) -> None:
    with hold_folder(begun / "optuna_results" / "small"):
        finished = call_fxai(begun, "run", "--spec", "small.yaml", "--storage", "sqlite:///other.db")
    assert finished.code == 3
    assert_quoted(finished.err.strip())


def test_a_study_that_another_run_holds(begun: Path) -> None:
    with hold_study(f"sqlite:///{begun / 'optuna_studies.db'}", "small", begun):
        finished = call_fxai(begun, "run", "--spec", "small.yaml")
    assert finished.code == 3
    assert_quoted(finished.err.strip())


def test_a_study_of_another_specification(begun: Path) -> None:
    finished = call_fxai(begun, "run", "--spec", "small.yaml", "--set", "training.gamma=0.5")
    assert finished.code == 2
    assert_quoted(finished.err.splitlines()[0])


def write(path: Path) -> None:
    url = f"sqlite:///{path}"
    engine = create_engine(url, **database.engine_options(url))
    database.in_transaction(engine, lambda connection: connection.execute(text("INSERT INTO t VALUES (1)")))


@pytest.mark.parametrize("use", [check_sqlite, write])
def test_a_locked_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use: Callable[[Path], None]) -> None:
    path = tmp_path / "optuna_studies.db"
    for module in (database, sqlite_file):
        monkeypatch.setattr(module, "BUSY_SECONDS", 0)
    monkeypatch.setattr(database, "ATTEMPTS", 1)
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE t (x)")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError) as raised:
        use(path)
    other.close()
    assert "database is locked" in str(raised.value)
    assert_quoted(str(raised.value))


def test_a_port_that_is_taken(begun: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        finished = call_fxai(begun, "dashboard", "--port", str(other.getsockname()[1]))
    assert finished.code == 2
    assert_quoted(finished.err.strip())
