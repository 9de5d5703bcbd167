"""How loops are compiled: late, anew when what they are made of changes, and also where nothing can be kept."""

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fxai.market.rules.compiled import Array, compiled

LOOP = """
from fxai.market.rules.compiled import compiled
from rule_of_a_test import fee

@compiled
def pay(numbers):
    for i in range(len(numbers)):
        numbers[i] = fee(numbers[i])
"""
RULE = """
from record_of_a_test import RATE, Costs

def fee(amount):
    costs = Costs(1.0, 20.0)
    return half(amount) * RATE + costs.fixed

def half(amount):
    return amount / 2.0
"""
RECORD = """
from typing import NamedTuple

RATE = 4.0

class Costs(NamedTuple):
    fixed: float
    other: float
"""
FILES = {"loop_of_a_test": LOOP, "rule_of_a_test": RULE, "record_of_a_test": RECORD}


def doubled(numbers: Array) -> None:
    """Twice as much, in place."""
    for i in range(len(numbers)):
        numbers[i] *= 2


def test_a_loop_is_compiled_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch):
    """As in a container that may write nowhere."""
    monkeypatch.setattr("numba.core.caching.CacheImpl._locator_classes", [])
    numbers = np.ones(3)
    compiled(doubled)(numbers)
    assert numbers.tolist() == [2, 2, 2]


def test_an_unused_kernel_needs_no_compiler():
    """A worker on a GPU does without."""
    look = "import sys, fxai.rl.algorithms.ppo, fxai.rl.networks.mlp; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0


def paid(folder: Path, files: dict[str, str]) -> float:
    """What the loop of these files makes of 6, as a new process has it."""
    for name, text in files.items():
        path = folder / f"{name}.py"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
    numbers = np.array([6.0])
    importlib.import_module("loop_of_a_test").pay(numbers)
    return float(numbers[0])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("rule_of_a_test", "RATE + costs", "RATE - costs", 11.0),
        ("rule_of_a_test", "amount / 2.0", "amount / 3.0", 9.0),
        ("record_of_a_test", "RATE = 4.0", "RATE = 5.0", 16.0),
        ("record_of_a_test", "fixed: float\n    other: float", "other: float\n    fixed: float", 32.0),
    ],
    ids=["the function called", "a function behind it", "a constant", "the order of a record"],
)
def test_machine_code_that_is_kept_is_not_used_after_a_change(
    folder: Path, file: str, old: str, new: str, expected: float
):
    """Though the file of the loop itself has not changed."""
    assert paid(folder, FILES) == 13
    assert paid(folder, FILES | {file: FILES[file].replace(old, new)}) == expected


def test_machine_code_is_kept_for_later_processes(folder: Path):
    paid(folder, FILES)
    kept = {path: path.stat().st_mtime_ns for path in folder.rglob("*.nbc")}
    assert len(kept) == 1
    paid(folder, FILES)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.nbc")} == kept
