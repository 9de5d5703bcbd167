"""The windows of a study that `fxai retune` has tuned again: the study itself, and one study for each later window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fxai.search import attributes
from fxai.search.rows import rows_of
from fxai.search.stored_json import read_json
from fxai.search.stored_run import RunState, StoredRun
from fxai.search.stored_trial import StoredState
from fxai.search.studies import is_archived, stored_study
from fxai.search.study_bars import StudyBars
from fxai.search.unreadable import readable_rows
from fxai.spec.reading.transfer_spec import TransferSpec

_FINISHED = (StoredState.COMPLETE, StoredState.PRUNED, StoredState.FAIL)


@dataclass(frozen=True, slots=True)
class ChainWindow:
    """One study of a chain of windows."""

    study: str
    number: int  # 0 is the study that began the chain
    bars: StudyBars | None  # None if an earlier release ran the study
    complete: int  # trials
    is_finished: bool  # whether its last run has finished
    is_warm: bool = False  # whether its first trials are those of an earlier window
    searched_before: int | None = None  # test bars that searches of earlier windows used; None if not known
    tested_before: int | None = None  # test bars that were test bars of earlier windows


def root_of(user_attrs: Mapping[str, Any], study: str) -> str:
    """Name of the study that began the chain of a study: the study itself, unless `fxai retune` made it."""
    stored = user_attrs.get(attributes.TRANSFER)
    window = None if stored is None else TransferSpec.model_validate(stored).window
    return study if window is None else window.root


def window_chain(url: str, root: str) -> Sequence[ChainWindow]:
    """The windows of a chain in their order; the first is the study that began the chain.

    Raises:
        StudyNotFoundError: The database has no study of that name.
    """
    names = [root, *_made_by_retune(url, root)]
    return sorted((_window(url, name) for name in names), key=lambda each: each.number)


def _made_by_retune(url: str, root: str) -> Sequence[str]:
    with rows_of(url) as rows, readable_rows(url):
        found = rows(
            "SELECT s.study_name, a.value_json FROM studies s JOIN study_user_attributes a "
            "ON a.study_id = s.study_id WHERE a.key = :key",
            key=attributes.TRANSFER,
        )
        stored = {str(name): read_json(text) for name, text in found}
    windows = {name: (each or {}).get("window") or {} for name, each in stored.items()}
    return [name for name, window in windows.items() if window.get("root") == root and not is_archived(name)]


def _window(url: str, name: str) -> ChainWindow:
    with stored_study(url, name) as study:
        attrs, counts = study.user_attrs, study.state_counts()
    stored = attrs.get(attributes.TRANSFER)
    taken = None if stored is None else TransferSpec.model_validate(stored)
    window = None if taken is None else taken.window
    run, target = StoredRun.of(attrs), (attrs.get(attributes.PLAN) or {}).get("n_trials")
    ended = sum(counts.get(state, 0) for state in _FINISHED)
    return ChainWindow(
        study=name,
        number=0 if window is None else window.number,
        bars=StudyBars.of(attrs),
        complete=counts.get(StoredState.COMPLETE, 0),
        is_finished=(run is not None and run.state == RunState.FINISHED) or (target is not None and ended >= target),
        is_warm=taken is not None and window is not None and bool(taken.enqueue),
        searched_before=None if window is None else window.searched_before,
        tested_before=None if window is None else window.tested_before,
    )
