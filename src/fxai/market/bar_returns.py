"""Returns of a trial's agents on each bar of its last evaluation. A worker writes the file into the trial's folder.

The file is in the safetensors format, with numbers in single precision: four seeds on 1,221 bars are 20 kB.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from fxai.atomic_write import write_bytes
from fxai.errors import InputError
from fxai.market.scored_steps import SpanScore

FORMAT = "fxai bar returns 1"
_HEADER = "fxai"

Float32Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class BarReturns:
    """What the agents of a trial earned on each bar of the scored span, [seed, bar]."""

    step: int  # number of updates before the evaluation
    seeds: tuple[int, ...]
    returns: Float32Array  # simple returns of equity after costs
    rewards: Float32Array | None = None  # of a study whose metric is computed from them

    @classmethod
    def of(cls, step: int, seeds: Sequence[int], scores: Sequence[SpanScore], *, rewards: bool) -> "BarReturns":
        """From the score of each seed; with the rewards if `rewards` is true."""
        of_bars = np.array([score.returns for score in scores], np.float32)
        earned = np.array([score.rewards for score in scores], np.float32) if rewards else None
        return cls(step, tuple(seeds), of_bars, earned)

    @classmethod
    def from_tensors(cls, step: int, seeds: Sequence[int], tensors: Mapping[str, Float32Array]) -> "BarReturns":
        """Inverse of `tensors`."""
        return cls(step, tuple(seeds), tensors["returns"], tensors.get("rewards"))

    @property
    def tensors(self) -> dict[str, Float32Array]:
        """The arrays by name."""
        return {"returns": self.returns, **({} if self.rewards is None else {"rewards": self.rewards})}

    def write(self, path: Path) -> None:
        """Write or replace the file.

        Raises:
            FxaiError: The file cannot be written.
        """
        header = json.dumps({"format": FORMAT, "step": self.step, "seeds": list(self.seeds)})
        write_bytes(
            path, save(self.tensors, {_HEADER: header}), durable=False
        )  # training the trial again makes it again


def read_bar_returns(path: Path) -> BarReturns:
    """Read a file of `BarReturns.write`.

    Raises:
        InputError: The file is missing, damaged, or of another program.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get(_HEADER, "{}"))
            if header.get("format") != FORMAT:
                raise InputError(f"{path} is not a file of bar returns of this version of FxAI")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        return BarReturns.from_tensors(header["step"], header["seeds"], tensors)
    except (OSError, SafetensorError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path} cannot be read as bar returns: {error}") from error
