"""Times on the clock of a time zone."""

from fxai.market.bars import TimeArray


def wall_clock(time: TimeArray, timezone: str) -> TimeArray:
    """The times that the clock of a time zone shows at times in UTC; [bar].

    Args:
        time: Times in UTC, [bar].
        timezone: A name of the IANA database, such as America/New_York.
    """
    import pandas as pd  # noqa: PLC0415 - slow to load; mapped markets need no pandas

    local: TimeArray = pd.DatetimeIndex(time).tz_localize("UTC").tz_convert(timezone).tz_localize(None).to_numpy()
    return local
