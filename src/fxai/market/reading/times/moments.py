"""Times of rows before a time zone is applied, and the limits within which bars may lie."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from fxai.market.bars import ReadingNote, TimeArray
from fxai.market.reading.times.cells import Cells

EARLIEST = np.datetime64("1970-01-01", "s")


@dataclass(frozen=True, slots=True)
class Moments:
    """Times of rows."""

    time: TimeArray  # [row], datetime64 of any unit
    form: str  # what the cells are, for people: `text`, `milliseconds since 1970`
    is_utc: bool = False  # False: a clock without a zone
    zone: str | None = None  # name of a time zone that the cells themselves have
    notes: tuple[ReadingNote, ...] = ()


def latest() -> np.datetime64:
    """The end of tomorrow in UTC, by the clock of this machine; no bar may begin then or later."""
    return np.datetime64(datetime.now(UTC).date() + timedelta(days=2), "s")


def check_limits(moments: Moments, cells: Cells) -> None:
    """Check that all times are from 1970 to tomorrow.

    Raises:
        DataError: Otherwise; the message has the rows.
    """
    unit = np.datetime_data(moments.time.dtype)[0]
    end = latest()
    early = moments.time < EARLIEST.astype(f"datetime64[{unit}]")
    late = moments.time >= end.astype(f"datetime64[{unit}]")
    wrong = np.flatnonzero(early | late)
    if not wrong.size:
        return
    read_as = "" if moments.form == "text" else f", read as {moments.form},"
    moment = np.datetime_as_string(moments.time[wrong[0]], unit="m").replace("T", " ")
    side = "before 1970" if early[wrong[0]] else f"after tomorrow, {str(end - np.timedelta64(1, 's'))[:10]}"
    more = f" ({cells.row_names(wrong)})" if wrong.size > 1 else ""
    raise cells.refusal(
        int(wrong[0]),
        f"is {moment}{read_as} which is {side}{more}; correct or remove the row, or set data.date_format",
    )
