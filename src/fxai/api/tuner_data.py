"""Converts training and validation data, DataFrames or files, to the `data` section of a configuration."""

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fxai.errors import DataError
from fxai.market.bars import Bars
from fxai.market.reading.read_bars import load_bars
from fxai.market.reading.sources import NAMED_SETS
from fxai.spec.fields.data_config import DataConfig

_COLUMNS = ("open", "high", "low", "close")


def data_section(train: Any, validation: Any, folder: Path) -> Mapping[str, Any]:
    """The `data` section: the source of the bars and their splits.

    Args:
        train: A DataFrame, the path of a file, or a named data set.
        validation: A DataFrame or the path of a file. If None, `train` is split as usual. Otherwise all of `train` is
            the training split, and `validation`, without the embargo at its start, the validation split. There is no
            test split, and both are written to one file.
        folder: Folder of the written file. The file's name is a digest of its content.

    Raises:
        DataError: The data are wrong.
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
    """Read and check the bars. Raises `DataError`."""
    if not isinstance(data, pd.DataFrame):
        return load_bars(DataConfig(source=str(data)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        try:
            data.to_parquet(path)
        except (ValueError, TypeError, OSError) as error:
            raise DataError(f"{name}: the DataFrame is not a table of bars: {error}") from None
        return load_bars(DataConfig(source=str(path)))


def _check_order(train: Bars, validation: Bars) -> None:
    last, first = train.time[-1], validation.time[0]
    if first <= last:
        ends, begins = np.datetime_as_string([last, first], unit="m")
        raise DataError(
            f"val_data must begin after the end of train_data: train_data end at {ends}, val_data begin at {begins}"
        )


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
