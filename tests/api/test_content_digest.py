"""Equal content has one digest, and other content another."""

import subprocess
import sys
from pathlib import Path
from types import FunctionType
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pytest

from fxai.api.content_digest import content_digest

FRAME = pd.DataFrame({"time": pd.date_range("2026-01-01", periods=3), "close": [1.0, 2.0, 3.0]})
SCRIPT = """
import numpy as np
import pandas as pd
from fxai.api.content_digest import content_digest

RATES = {"b": 2, "a": {3, "x", "y", "z"}}

def helper(value):
    return [value * RATES["b"] + {number} for _ in range(3)]

class Base:
    def scale(self): return 2

class Engine(Base):
    names = {"u", "v", "w"}

    def __init__(self):
        self.data = pd.DataFrame({"close": np.arange(4.0)})
        self.me = self

    def train(self, model_config, data_config, training_config, trial):
        # {comment}
        return helper(self.scale())[0]

print(content_digest(Engine()))
"""


def digest_in_another_process(folder: Path, seed: int, **words: object) -> str:
    script = folder / "engine_script.py"
    script.write_text(SCRIPT.replace("{number}", str(words["number"])).replace("{comment}", str(words["comment"])))
    run = subprocess.run(
        [sys.executable, script], env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return run.stdout.strip()


def test_an_engine_has_one_digest_in_every_process_and_its_code_counts(tmp_path: Path) -> None:
    first = digest_in_another_process(tmp_path, 1, number=1, comment="first")
    assert digest_in_another_process(tmp_path, 2, number=1, comment="second\n        # and more") == first
    assert digest_in_another_process(tmp_path, 1, number=2, comment="first") != first


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        ([1, 2], [2, 1]),
        ({"a": 1}, {"a": 2}),
        ({1, 2}, {1, 3}),
        (np.zeros(3), np.zeros(4)),
        (np.zeros(3), np.zeros(3, np.float32)),
        (np.array(["a", None]), np.array(["b", None])),
        (FRAME, FRAME.assign(close=[1.0, 2.0, 4.0])),
        (FRAME, FRAME.rename(columns={"close": "open"})),
        (FRAME, FRAME.set_index("time")),
        (FRAME["close"], FRAME["close"] + 1),
        (np.random.default_rng(0), np.random.default_rng(1)),
        (Path("a"), Path("b")),
    ],
    ids=str,
)
def test_other_content_has_another_digest(one: Any, other: Any) -> None:
    assert content_digest(one) == content_digest(cloudpickle.loads(cloudpickle.dumps(one)))
    assert content_digest(one) != content_digest(other)


def test_the_order_of_keys_and_of_sets_does_not_matter() -> None:
    assert content_digest({"a": 1, "b": {2, 3}}) == content_digest({"b": {3, 2}, "a": 1})


def test_what_a_function_captures_counts() -> None:
    def adder(amount: int) -> Any:
        return lambda value: value + amount

    assert content_digest(adder(1)) == content_digest(adder(1)) != content_digest(adder(2))


def test_pickling_an_object_leaves_its_digest() -> None:
    class Plain:
        def train(self) -> int:
            return 1

    first = content_digest(Plain())
    cloudpickle.dumps(Plain())
    assert content_digest(Plain()) == content_digest(Plain()) == first


def test_what_cannot_be_pickled_counts_by_its_class(tmp_path: Path) -> None:
    with (tmp_path / "a").open("w") as one, (tmp_path / "b").open("w") as other:
        assert content_digest({"file": one}) == content_digest({"file": other})


def test_an_object_that_contains_itself_has_a_digest() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    assert content_digest(ring) == content_digest(cloudpickle.loads(cloudpickle.dumps(ring)))
    assert isinstance(content_digest, FunctionType)
    assert content_digest(content_digest) == content_digest(content_digest)
