"""The last run of a study, as the study's database stores it."""

import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from pydantic import JsonValue

from fxai.formatting import local_time, short_cause
from fxai.search import attributes


class RunState(StrEnum):
    """How a run is, or how it ended."""

    RUNNING = "running"
    FINISHED = "finished"  # `n_trials` trials are finished, or a stop rule or the timeout ended the run
    INTERRUPTED = "interrupted"  # by Ctrl-C or SIGTERM
    FAILED = "failed"
    KILLED = "killed"  # its process ended without a word


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run: its process, its times, and how it ended. `end`, `state` and `reason` are None until it has ended."""

    pid: int
    host: str
    start: str  # RFC 3339, local time with its offset
    end: str | None = None
    state: str | None = None  # a `RunState`
    reason: str | None = None  # why it ended, if it did not finish its trials

    @classmethod
    def begun(cls) -> "StoredRun":
        """A run of this process that begins now."""
        return cls(os.getpid(), socket.gethostname(), local_time())

    def ended(self, state: RunState, reason: str | None) -> "StoredRun":
        """The run, ended now."""
        return replace(self, end=local_time(), state=state, reason=None if reason is None else short_cause(reason))

    def as_json(self) -> dict[str, JsonValue]:
        """Plain data for `of`."""
        return asdict(self)

    @classmethod
    def of(cls, user_attrs: Mapping[str, Any]) -> "StoredRun | None":
        """From the user attributes of a study; None for a study of an earlier release or of another program."""
        stored = user_attrs.get(attributes.RUN)
        if not isinstance(stored, Mapping):
            return None
        known: dict[str, Any] = {name: stored[name] for name in cls.__slots__ if name in stored}
        return cls(**known)
