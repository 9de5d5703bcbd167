"""Counts trials that fail in a row, and decides when the run ends because of them."""

import re

from fxai.formatting import short_cause
from fxai.protocol import TrialPaths, TrialResult

FAILURES_IN_A_ROW = 10

_QUOTED_PATH = re.compile(r"'[^']*[/\\][^']*'|\"[^\"]*[/\\][^\"]*\"")
_PATH = re.compile(r"[^\s'\"()\[\],;=]*[/\\][^\s'\"()\[\],;]*")
_NUMBER = re.compile(r"[-+]?\w*\d[\w.]*(?:(?<=[eE])[-+]\d+)?")
_WORD_FOR_A_VALUE = re.compile(r"[-+]?\b(?:nan|inf|infinity|true|false|none|null)\b", re.IGNORECASE)


class FailureStreak:
    """The failed trials since the last trial that did not fail.

    While no trial of the study has finished, `FAILURES_IN_A_ROW` failures end the run, also with different messages,
    since a message may contain a parameter, a path or a time. After that, only failures with the same message end the
    run, since all trials in a part of the search space may fail.
    """

    def __init__(self, *, any_finished: bool) -> None:
        """`any_finished`: whether a trial of an earlier run is complete or pruned."""
        self._any_finished = any_finished
        self._length = 0  # with any message
        self._alike = 0  # the last ones, which have the same message
        self._pattern = ""
        self._message = ""

    def add(self, result: TrialResult, paths: TrialPaths) -> None:
        if result.error is None:
            self._any_finished = True
            self._length = self._alike = 0
            return
        # Messages name the trial's own log.
        self._message = result.error.message.replace(str(paths.directory), "<trial>")
        pattern = pattern_of(self._message)
        self._alike = self._alike + 1 if pattern == self._pattern else 1
        self._length += 1
        self._pattern = pattern

    @property
    def reason(self) -> str | None:
        """Why the run has to end. None if it may continue."""
        if self._alike >= FAILURES_IN_A_ROW:
            return f"{self._alike} trials in a row failed with the same message: {short_cause(self._message)}"
        if self._length >= FAILURES_IN_A_ROW and not self._any_finished:
            last = short_cause(self._message)
            return f"{self._length} trials in a row failed and no trial has finished; the last message: {last}"
        return None


def pattern_of(message: str) -> str:
    """The message with `#` for each part that may differ between trials: paths, numbers, names with digits, true."""
    for varying in (_QUOTED_PATH, _PATH, _NUMBER, _WORD_FOR_A_VALUE):
        message = varying.sub("#", message)
    return message
