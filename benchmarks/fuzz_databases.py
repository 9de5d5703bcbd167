"""Cases of `fuzz.py` about databases: study databases with random damage, and a command that reads each."""

import random
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import optuna

from fxai.protocol import STANDARD_ERROR, Cause, Report, TrialError, TrialResult, TrialState
from fxai.search.open_search import open_search
from fxai.spec.reading.load import load_spec
from fxai.spec.search.fingerprint import fingerprint

DATABASE = "optuna_studies.db"
SPEC = "fuzzed.yaml"
STUDIES = ("one", "two goals", "sound", "plain", "a/b")
SPEC_TEXT = """\
name: fuzzed
save_study_plots: false
studies:
  - study_name: one
    objective: fuzz_objective:valley
    n_trials: 8
    n_jobs: 1
    metric_name: value
    parameters:
      x: {type: float, low: -1, high: 1}
      n: {type: int, low: 1, high: 9, step: 2}
      kind: {type: categorical, choices: [a, b]}
    constraints: ["n < 9"]
  - study_name: sound
    objective: fuzz_objective:valley
    n_trials: 8
    n_jobs: 1
    parameters: {x: {type: float, low: -1, high: 1}}
  - study_name: two goals
    objective: fuzz_objective:valley
    n_trials: 8
    n_jobs: 1
    objectives: [{metric: gain, direction: maximize}, {metric: cost, direction: minimize}]
    parameters: {x: {type: float, low: -1, high: 1}}
"""
OBJECTIVE = """\
def valley(trial):
    value = -float(trial.params["x"]) ** 2
    trial.report(1, value, gain=value, cost=-value)
    return {"value": value, "gain": value, "cost": -value}
"""
_OF_STUDY = ("study_user_attributes", "study_system_attributes")
_OF_TRIAL = ("trial_user_attributes", "trial_system_attributes")
_TABLES = (
    "studies", "study_directions", *_OF_STUDY, "trials", *_OF_TRIAL,
    "trial_params", "trial_values", "trial_intermediate_values", "version_info", "alembic_version",
)  # fmt: skip
_ODD: Sequence[object] = (
    None, "", "x", "null", "[]", "{}", "[1]", '"text"', "{", "1e999", "NaN", '{"a": {"b": []}}', "[[[]]]", '"\\ud800"',
    "9" * 400, "[" * 5000, 0, -1, 1, 7, 2**62, -(2**63), 0.5, float("inf"), float("-inf"), 1e308,
    b"\xff\xfe", b"", "\x00", "\x1b[31m", "2020-13-45 99:99:99", "COMPLETE", "RUNNING", "WAITING", "PRUNED", "FAIL",
    "MAXIMIZE", "NOT_SET", "FINITE", "INF_POS", "INF_NEG", "NAN", "é" * 600, "\U0001f4a5",
    '{"name": "FloatDistribution", "attributes": {"low": 2, "high": 1, "log": false, "step": null}}',
    '{"name": "CategoricalDistribution", "attributes": {"choices": []}}',
    '{"name": "CategoricalDistribution", "attributes": {"choices": [[1], {"a": 2}]}}',
    '{"name": "IntDistribution", "attributes": {"low": 0, "high": 9, "log": false, "step": 0}}',
)  # fmt: skip


def make_database(folder: Path) -> None:
    """A database of five studies, of which FxAI made three, with the spec and the objective that resume them."""
    (folder / SPEC).write_text(SPEC_TEXT)
    (folder / "fuzz_objective.py").write_text(OBJECTIVE)
    url = f"sqlite:///{folder / DATABASE}"
    for spec in load_spec(folder / SPEC).studies:
        with open_search(spec, url, fingerprint=fingerprint(spec), default_params={}) as search:
            for place in range(8):
                asked = search.ask()
                if asked is None:
                    break
                number = asked.number
                for step in (1, 2):
                    search.report(Report(number, step, number / 7 + step, metrics={"gain": step / 9, "cost": 1 / step}))
                search.tell(_result(number, place))
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for name in STUDIES[3:]:
        study = optuna.create_study(study_name=name, storage=url)
        study.optimize(_plain, n_trials=6, catch=(RuntimeError,))


def _result(number: int, place: int) -> TrialResult:
    if place == 5:
        error = TrialError(Cause.EXCEPTION, "boom", "Traceback (most recent call last):\n  boom")
        return TrialResult(number, TrialState.FAIL, 2.0, error=error)
    if place == 6:
        return TrialResult(number, TrialState.PRUNED, 1.0)
    metrics = {"gain": number / 3, "cost": 1 / (1 + number), STANDARD_ERROR: 0.1}
    return TrialResult(number, TrialState.COMPLETE, 2.0, value=number / 3, metrics=metrics)


def _plain(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", -1, 1)
    trial.suggest_categorical("kind", ["a", None, True, 3])
    trial.report(x, 1)
    trial.set_user_attr("note", {"free": ["text", 1]})
    if trial.number == 4:
        raise optuna.TrialPruned
    if trial.number == 5:
        raise RuntimeError("x")
    return x * x


def damage(path: Path, rng: random.Random) -> str:
    """Damage a database in one to three ways; returns which."""
    return "; ".join(rng.choice(_DAMAGES)(path, rng) for _ in range(rng.choice((1, 1, 1, 2, 3))))


def _flip_bytes(path: Path, rng: random.Random) -> str:
    content = bytearray(path.read_bytes())
    if not content:
        return "an empty file"
    count = rng.choice((1, 1, 3, 20))
    within = len(content) if rng.random() < 0.5 else min(len(content), 20_000)
    for _ in range(count):
        content[rng.randrange(within)] = rng.randrange(256)
    path.write_bytes(content)
    return f"{count} bytes flipped"


def _flip_text(path: Path, rng: random.Random) -> str:
    """Bytes of names and JSON, which no check of the file's structure sees."""
    content = bytearray(path.read_bytes())
    word = rng.choice((b"fxai:", b"trial", b"CREATE TABLE", b"choices", b"attributes", b"COMPLETE", b"{", b'"', b"one"))
    places = [place for place in range(len(content)) if content.startswith(word, place)] if content else []
    if places:
        place = rng.choice(places) + rng.randrange(len(word))
        content[place] ^= 1 << rng.randrange(8)
        path.write_bytes(content)
    return f"a bit of {word!r} flipped"


def _cut(path: Path, rng: random.Random) -> str:
    content = path.read_bytes()
    end = rng.randrange(len(content) + 1)
    path.write_bytes(content[:end])
    return f"cut to {end} bytes"


def _zero_page(path: Path, rng: random.Random) -> str:
    content = bytearray(path.read_bytes())
    page = rng.randrange(max(1, len(content) // 4096))
    content[page * 4096 : (page + 1) * 4096] = bytes(len(content[page * 4096 : (page + 1) * 4096]))
    path.write_bytes(content)
    return f"page {page} zeroed"


def _with_sql(statements: Callable[[sqlite3.Connection, random.Random], str]) -> Callable[[Path, random.Random], str]:
    def change(path: Path, rng: random.Random) -> str:
        try:
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("PRAGMA foreign_keys = OFF")
                connection.execute("PRAGMA ignore_check_constraints = ON")
                return statements(connection, rng)
        except (sqlite3.Error, ArithmeticError, LookupError, ValueError, TypeError) as error:  # damaged already
            return f"no change ({error})"

    return change


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def _set_cell(connection: sqlite3.Connection, rng: random.Random) -> str:
    table = rng.choice(_TABLES)
    column = rng.choice(_columns(connection, table))
    row = rng.choice(connection.execute(f"SELECT rowid FROM {table}").fetchall())[0]  # noqa: S608
    value = rng.choice(_ODD)
    everywhere = rng.random() < 0.15
    where = "" if everywhere else f" WHERE rowid = {row}"
    connection.execute(f"UPDATE {table} SET {column} = ?{where}", (value,))  # noqa: S608
    return f"{table}.{column} of row {'all' if everywhere else row} set to {str(value)[:40]!r}"


def _edit_attribute(connection: sqlite3.Connection, rng: random.Random) -> str:
    table = rng.choice((*_OF_STUDY, *_OF_TRIAL, "trial_params"))
    column = "distribution_json" if table == "trial_params" else "value_json"
    row, text = rng.choice(connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall())  # noqa: S608
    place = rng.randrange(len(text) + 1)
    put_in = rng.choice(("", "x", "9", '"', "}", "null", "-", "1e400", "["))
    changed = text[:place] + put_in + text[place + rng.randrange(3) :]
    connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed, row))  # noqa: S608
    return f"{table}.{column} of row {row} edited"


def _delete_rows(connection: sqlite3.Connection, rng: random.Random) -> str:
    table = rng.choice(_TABLES)
    rows = [row for (row,) in connection.execute(f"SELECT rowid FROM {table}")]  # noqa: S608
    gone = rows if rng.random() < 0.3 else rng.sample(rows, min(len(rows), rng.choice((1, 1, 3))))
    connection.executemany(f"DELETE FROM {table} WHERE rowid = ?", [(row,) for row in gone])  # noqa: S608
    return f"{len(gone)} rows of {table} deleted"


def _rename(connection: sqlite3.Connection, rng: random.Random) -> str:
    table = rng.choice(_TABLES)
    if rng.random() < 0.3:
        connection.execute(f"ALTER TABLE {table} RENAME TO other_{table}")
        return f"{table} renamed"
    column = rng.choice(_columns(connection, table))
    connection.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO x{column}")
    return f"{table}.{column} renamed"


def _drop(connection: sqlite3.Connection, rng: random.Random) -> str:
    table = rng.choice(_TABLES)
    connection.execute(f"DROP TABLE {table}")
    return f"{table} dropped"


def _foreign_row(connection: sqlite3.Connection, rng: random.Random) -> str:
    """A row copied with another key, whose owner may not be there."""
    table = rng.choice(_TABLES[:10])
    columns = _columns(connection, table)
    row = list(rng.choice(connection.execute(f"SELECT * FROM {table}").fetchall()))  # noqa: S608
    row[0] = None
    changed = rng.randrange(1, len(row))
    row[changed] = rng.choice((*_ODD, row[changed]))
    marks = ", ".join("?" * len(columns))
    connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608
    return f"a row of {table} copied"


_DAMAGES: Sequence[Callable[[Path, random.Random], str]] = (
    _flip_bytes,
    _flip_text,
    _flip_text,
    _cut,
    _zero_page,
    *(_with_sql(_set_cell),) * 6,
    *(_with_sql(_edit_attribute),) * 4,
    *(_with_sql(each) for each in (_delete_rows, _delete_rows, _rename, _drop, _foreign_row)),
)


def command(rng: random.Random) -> list[str]:
    """A command that reads the database; a run finds its study finished."""
    study, other = rng.choice(STUDIES[:3] * 2 + STUDIES[3:]), rng.choice(STUDIES)
    resumed = rng.choice(STUDIES[:3])
    return rng.choice(
        (
            ["status"],
            ["status", "--json"],
            ["best", study],
            ["best", study, "--json"],
            ["results"],
            ["results", study],
            ["results", study, "--json"],
            ["analysis", study],
            ["compare", study, other],
            ["show", study, str(rng.randrange(9))],
            ["show", study, str(rng.randrange(9)), "--json"],
            ["report", study],
            ["report", "--all"],
            ["plot", study],
            ["export", study],
            ["transfer", study, "--to", SPEC, "--study", "sound"],
            ["run", "--spec", SPEC, "--study", resumed, "--quiet"],
            ["run", "--spec", SPEC, "--study", resumed, "--quiet"],
        )
    )


def prepare(base: Path, folder: Path, rng: random.Random) -> tuple[list[str], str]:
    """A damaged copy of the database in an empty folder; the command line and what was done."""
    shutil.copytree(base, folder, dirs_exist_ok=True)
    done = damage(folder / DATABASE, rng)
    return command(rng), done
