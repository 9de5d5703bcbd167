"""What an exported agent observes, from the header of its file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

_ACCOUNT = ("position", "gain", "held", "drawdown")


@dataclass(frozen=True, slots=True)
class ObservationColumns:
    """The observation of an agent."""

    window: int  # bars
    names: Sequence[str]  # of the columns of each bar, in their order: the features, then those of the account


def observation_columns(path: Path) -> ObservationColumns | None:
    """The observation of the agent of a file. The weights are not read.

    Returns:
        The columns; None if the file is missing, damaged, or of another program.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {})["fxai"])
        members = header.get("members", (header,))
        distinct = {json.dumps(each["standardizer"]): each["standardizer"]["names"] for each in members}
        names = [name for each in distinct.values() for name in each]  # as `Committee` joins standardizers
        window = int(header["config"]["env"]["observation_window"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, AttributeError):
        return None
    return ObservationColumns(window, (*names, *_ACCOUNT))
