"""Train and validation data as a program has them, DataFrames or files, as the `data` section of a configuration."""

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fxai.errors import DataError
from fxai.market.bars import Bars
from fxai.market.read_bars import load_bars
from fxai.market.sources import NAMED_SETS
from fxai.spec.fields.data_config import DataConfig

_COLUMNS = ("open", "high", "low", "close")


def data_section(train: Any, validation: Any, folder: Path) -> Mapping[str, Any]:
    """Where the bars lie and how they are split.

    Without validation data `train` is one data set, a name or a file, and split as always. With them all of `train`
    is learnt from and all of `validation` scores, but for the bars of the embargo at its beginning; there is no test
    split. Both are then written into one file in `folder`, named after what is in it.
    """
    if validation is None:
        return {"source": _source(train, folder)}
    bars = [_bars(train, "train_data"), _bars(validation, "val_data")]
    _check_order(*bars)
    begins = np.datetime_as_string(bars[1].time[0], unit="us")
    return {"source": _written(pd.concat(map(_frame, bars), join="inner"), folder), "split": _split(begins)}


def _split(begins: str) -> Mapping[str, Any]:
    return {"train": begins, "validation": None}


def _source(data: Any, folder: Path) -> str:
    if isinstance(data, pd.DataFrame):
        return _written(_frame(_bars(data, "train_data")), folder)
    return str(data) if str(data).partition(":")[0] in NAMED_SETS else str(Path(data).expanduser().absolute())


def _bars(data: Any, name: str) -> Bars:
    """Read with all checks; a `DataError` says what is wrong."""
    if not isinstance(data, pd.DataFrame):
        return load_bars(DataConfig(source=str(data)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        try:
            data.to_parquet(path)
        except (ValueError, TypeError, OSError) as error:
            raise DataError(f"{name}: the DataFrame is no table of bars: {error}") from None
        return load_bars(DataConfig(source=str(path)))


def _check_order(train: Bars, validation: Bars) -> None:
    last, first = train.time[-1], validation.time[0]
    if first <= last:
        ends, begins = np.datetime_as_string([last, first], unit="m")
        raise DataError(f"val_data must begin after train_data end: these end at {ends}, those begin at {begins}")


def _frame(bars: Bars) -> pd.DataFrame:
    columns = {name: getattr(bars, name) for name in _COLUMNS}
    volume = {} if bars.volume is None else {"volume": bars.volume}
    return pd.DataFrame({"time": bars.time, **columns, **volume})


def _written(frame: pd.DataFrame, folder: Path) -> str:
    digest = hashlib.sha256(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes()).hexdigest()[:12]
    path = folder.absolute() / f"bars-{digest}.parquet"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".tmp")
        frame.to_parquet(draft, index=False)
        draft.replace(path)
    return str(path)
