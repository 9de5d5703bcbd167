"""Plans the next window of a study: the same search on other bars, warm-started from the last window."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path

from fxai.errors import DataError, InputError
from fxai.formatting import counted, span
from fxai.results.folder_key import check_folder
from fxai.results.paths import StudyPaths
from fxai.results.provenance import spec_hash, versions
from fxai.results.transfer import transfer
from fxai.search import attributes
from fxai.search.studies import load_study, stored_study, study_names
from fxai.search.study_bars import StudyBars
from fxai.search.window_chain import ChainWindow, root_of, window_chain
from fxai.spec.fields.feature_config import ALL
from fxai.spec.fields.objective import LLM_SIGNAL, returns_positions
from fxai.spec.fields.storage_url import shown
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.override import override
from fxai.spec.reading.transfer_spec import Mode, TransferSpec, Window
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.study import Spec, StudySpec
from fxai.study.data_bars import bars_with_times, last_bar, study_bars
from fxai.study.stored_spec import check_data_unchanged, stored_spec
from fxai.study.used_before import UsedBefore, used_before, used_sentences

_DATA = "training_config.data"
_SAME_LENGTH = 0.01  # largest relative difference of the lengths of bars
_WIDTH = 1.0  # of ranges, which are not narrowed


@dataclass(frozen=True, slots=True)
class NextWindow:
    """The next window of a chain, or the last one if the data have the same bars."""

    root: str  # study that began the chain
    spec: Spec  # with the one study of the window
    notices: tuple[str, ...]
    transfer_spec: TransferSpec | None = None  # of a new window; None for one that exists
    is_done: bool = False  # whether the data have the bars of the study that began the chain

    @property
    def study(self) -> StudySpec:
        return self.spec.studies[0]


@dataclass(frozen=True, slots=True)
class _Chain:
    """A chain of windows, and the spec of its first study."""

    storage: str
    root: str
    spec: Spec
    windows: Sequence[ChainWindow]

    @property
    def study(self) -> StudySpec:
        return self.spec.studies[0]

    @property
    def first(self) -> StudyBars | None:
        return self.windows[0].bars

    @property
    def last(self) -> ChainWindow | None:
        """The last window whose bars are known."""
        return next((each for each in reversed(self.windows) if each.bars is not None), None)


def next_window(
    storage: str, results_dir: Path, study: str, data: str, settings: Mapping[str, str], *, top: int
) -> NextWindow:
    """Plan the next window of a study.

    Args:
        storage: Database of the chain.
        results_dir: Folder of the studies' files.
        study: Any study of the chain.
        data: The bars of the window, as `data.source`: a file or a named data set, or a mapping as YAML.
        settings: Further settings, as `settings_of` returns them.
        top: Number of trials of the last window to run first; 0 for none.

    Raises:
        StudyNotFoundError: There is no such study.
        InputError: The study cannot be tuned on other bars, or the data do not fit it. Nothing is written then.
    """
    chain = _chain_of(storage, results_dir, study)
    spec = _with_data(chain, data, settings)
    found = bars_with_times(spec.studies[0])
    if found is None:  # excluded by `_check_objective`
        raise InputError(f"the data of {chain.root} are not known")
    bars, time = found
    notices = [*_check_bars(chain, bars, data)]
    same = [each for each in chain.windows if each.bars is not None and each.bars.content_hash == bars.content_hash]
    if same:
        return _existing(chain, spec, same[-1], data)
    notices += _check_place(chain, bars, data)
    used = used_before(bars, time, [each.bars for each in chain.windows])
    return _new(chain, spec, bars, used, tuple(notices), top=top)


def _chain_of(storage: str, results_dir: Path, study: str) -> _Chain:
    with stored_study(storage, study) as stored:
        root = root_of(stored.user_attrs, study)
    windows = window_chain(storage, root)
    paths = StudyPaths(results_dir, root)
    with stored_study(storage, root) as stored:
        attrs = stored.user_attrs
    check_folder(paths, attrs)
    own = stored_spec(paths, storage)
    _check_objective(own)
    if windows[0].bars is None:  # an earlier release ran it
        windows = (replace(windows[0], bars=_bars_of_root(own, attrs)), *windows[1:])
    own = own.model_copy(update={"enqueue": own.enqueue[_transferred(attrs) :]})
    spec = load_spec(paths.spec).model_copy(update={"studies": (own,), "results_dir": str(results_dir)})
    return _Chain(storage, root, spec, windows)


def _transferred(user_attrs: Mapping[str, object]) -> int:
    """Number of trials that a study took over from another one. Its stored spec has them before its own."""
    stored = user_attrs.get(attributes.TRANSFER)
    return 0 if stored is None else len(TransferSpec.model_validate(stored).enqueue)


def _check_objective(study: StudySpec) -> None:
    if study.objective == LLM_SIGNAL:
        raise InputError(f"{study.study_name} trains signals on news; fxai retune is for studies of prices alone")
    if isinstance(study.training_config, CustomConfig) and not returns_positions(study.objective):
        raise InputError(
            f"{study.study_name} runs code of its own, and FxAI does not know its data; fxai retune is for studies "
            "with a section data"
        )


def _bars_of_root(study: StudySpec, user_attrs: Mapping[str, object]) -> StudyBars | None:
    """The bars of the study that began the chain, if its data are as they were."""
    try:
        check_data_unchanged(study, user_attrs)
        return study_bars(study)
    except InputError:
        return None


def _with_data(chain: _Chain, data: str, settings: Mapping[str, str]) -> Spec:
    """The spec of the first study with other data: the same columns, and dates of the split that move with the data."""
    source = data if data.lstrip().startswith("{") else json.dumps(data)
    own: dict[str, str] = {f"{_DATA}.source": source}
    config = chain.study.training_config
    if (
        isinstance(config, TrainingConfig)
        and config.data.features.columns == ALL
        and chain.first is not None
        and chain.first.features
    ):
        own[f"{_DATA}.features.columns"] = json.dumps(list(chain.first.columns))
    spec = override(chain.spec, {**own, **settings})
    _check_instruments(chain, spec.studies[0])
    return _with_moved_dates(chain, spec)


def _check_instruments(chain: _Chain, study: StudySpec) -> None:
    """Check that the data name the same instruments as those of the first study."""
    config, first = study.training_config, chain.study.training_config
    if not isinstance(config, TrainingConfig) or not isinstance(first, TrainingConfig):
        return
    ours, theirs = (_instruments(each.data.source) for each in (first, config))
    if ours == theirs:
        return
    wanted = f"--data '{{{', '.join(f'{name}: FILE' for name in ours)}}}'" if ours else "one file with --data"
    named = f"the instruments {', '.join(ours)}" if ours else "no named instruments"
    raise InputError(f"the data of {chain.root} have {named}; give {wanted}")


def _instruments(source: str | Mapping[str, str]) -> tuple[str, ...]:
    """The instruments that a source names."""
    return () if isinstance(source, str) else tuple(source)


def _with_moved_dates(chain: _Chain, spec: Spec) -> Spec:
    """The spec with the end dates of its splits moved by the time between the last bars of the first window and now."""
    (study,) = spec.studies
    config, own = study.training_config, chain.study.training_config
    if not isinstance(config, TrainingConfig) or not isinstance(own, TrainingConfig):
        return spec
    split = config.data.split
    if not isinstance(split.train, datetime) or split != own.data.split:  # fractions, or dates that the user has set
        return spec
    if chain.first is None:
        raise InputError(
            f"{chain.root} splits its bars by dates, and the bars on which it trained are not known any more; give the "
            "dates for the new bars with --set data.split.train=DATE --set data.split.validation=DATE"
        )
    by = last_bar(config.data) - _date(chain.first.last)
    ends = {name: end + by for name in ("train", "validation") if isinstance(end := getattr(split, name), datetime)}
    data = config.data.model_copy(update={"split": split.model_copy(update=ends)})
    moved = study.model_copy(update={"training_config": config.model_copy(update={"data": data})})
    return spec.model_copy(update={"studies": (moved,)})


def _check_bars(chain: _Chain, bars: StudyBars, data: str) -> Iterator[str]:
    """Check that the bars have the length and the features of the first window. Yields a notice of further features.

    Raises:
        DataError: They have not.
    """
    first = chain.first
    if first is None:
        yield (
            f"The bars of {chain.root} are not known: an earlier release ran it, and its data have changed since. The "
            "bars of this window are not compared with them."
        )
        return
    if abs(bars.seconds - first.seconds) > _SAME_LENGTH * first.seconds:
        raise DataError(
            f"{data} has bars of {span(bars.seconds)}, and the bars of {chain.root} have {span(first.seconds)}; give "
            "bars of the same length, for example with --set data.resample"
        )
    if not first.features:  # the database does not hold so many names
        return
    if missing := [name for name in first.features if name not in bars.features]:
        raise DataError(
            f"{data} gives no feature {', '.join(missing)}, which {chain.root} has; give data with the same columns"
        )
    if further := [name for name in bars.features if name not in first.features]:
        yield f"{data} gives further features, which {chain.root} does not have: {', '.join(further)}"


def _existing(chain: _Chain, spec: Spec, window: ChainWindow, data: str) -> NextWindow:
    """The window that has these bars already. One that `fxai retune` made is run again, which resumes it."""
    notice = f"{data} has the same bars as {window.study}"
    if window.number:
        return NextWindow(chain.root, _named(spec, window.study), (f"{notice}, which is continued.",))
    if not window.is_finished:
        raise InputError(f"{notice}, which has not finished; run it to its end with fxai run, then retune it")
    return NextWindow(chain.root, spec, (f"{notice}: there is no new window.",), is_done=True)


def _check_place(chain: _Chain, bars: StudyBars, data: str) -> Iterator[str]:
    """Check that the bars do not end before the last window. Yields notices about their place.

    Raises:
        DataError: They do.
    """
    last = chain.last
    if last is None or last.bars is None:
        return
    if bars.last < last.bars.last:
        raise DataError(
            f"{data} ends at {bars.last}, before the last window: {last.study} ends at {last.bars.last}. Give bars "
            "that end later"
        )
    if bars.last == last.bars.last:
        yield f"{data} ends with the last bar of {last.study}, and other bars differ; this is a window of its own."
    if bars.first > last.bars.last:
        yield (
            f"{data} begins at {bars.first}, after the end of {last.study} at {last.bars.last}: the two windows have "
            "no bar in common."
        )


def _new(
    chain: _Chain, spec: Spec, bars: StudyBars, used: UsedBefore, notices: tuple[str, ...], *, top: int
) -> NextWindow:
    """A new window, with the transfer from the last window that has a completed trial."""
    named = _named(spec, _free_name(chain, bars))
    (target,) = named.studies
    source = next((each for each in reversed(chain.windows) if each.complete), None)
    if source is None:
        raise InputError(f"no trial of {chain.root} has completed, so there is nothing to begin with; run it first")
    modes: tuple[Mode, ...] = ("enqueue",) if top else ()
    made = transfer(
        load_study(chain.storage, source.study), shown(chain.storage), target, modes, top=max(top, 1), width=_WIDTH
    )
    window = Window(
        root=chain.root,
        number=chain.windows[-1].number + 1,
        searched_before=used.searched,
        tested_before=used.tested,
    )
    update = {
        "window": window,
        "spec_hash": spec_hash(target),
        "data_hash": bars.content_hash,
        "versions": versions(),
    }
    of_place = f"Window {window.number} of {chain.root}: {counted(bars.bars, 'bar')}, {bars.first} to {bars.last}."
    return NextWindow(
        chain.root,
        named,
        (of_place, *notices, *used_sentences(used, bars.test_bars, is_warm=top > 0)),
        made.transfer_spec.model_copy(update=update),
    )


def _named(spec: Spec, name: str) -> Spec:
    (study,) = spec.studies
    return spec.model_copy(update={"studies": (study.model_copy(update={"study_name": name}),)})


def _free_name(chain: _Chain, bars: StudyBars) -> str:
    """`STUDY-2026-11-29`, by the date of the last bar in UTC; with `-2`, `-3` at the end if there is such a study."""
    taken, dated = set(study_names(chain.storage)), f"{chain.root}-{bars.last[:10]}"
    return next(name for n in count(1) if (name := dated if n == 1 else f"{dated}-{n}") not in taken)


def _date(text: str) -> datetime:
    return datetime.fromisoformat(text)
