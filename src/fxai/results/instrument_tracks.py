"""What each instrument adds to a portfolio of a track record, as rows of a table."""

from collections.abc import Sequence

from fxai.formatting import figure
from fxai.market.scores.track_record import InstrumentTrack, TrackRecord
from fxai.metric_text import number_text

HEADINGS = ("Adds to the portfolio", "return", "sharpe", "trades", "win_rate", "bars long", "bars short")


def instrument_rows(record: TrackRecord) -> Sequence[tuple[str, ...]]:
    """A row for each instrument; none for a record without a portfolio."""
    return [(name, *_cells(track)) for name, track in record.instruments.items()]


def _cells(track: InstrumentTrack) -> Sequence[str]:
    of = track.metrics
    return (
        number_text("total_return", of["total_return"], trading=True),
        figure(round(of["sharpe"], 2)),
        f"{of['trades']:,.0f}",
        number_text("win_rate", of["win_rate"], trading=True),
        f"{(track.weight > 0).sum():,}",
        f"{(track.weight < 0).sum():,}",
    )
