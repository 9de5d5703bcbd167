"""Times in every form that is read, and in forms that have two readings or none."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.errors import DataError
from fxai.market.reading.times.utc import Times, read_times
from fxai.market.reading.times.year_first import with_dashes
from fxai.spec.fields.data_config import DataConfig

HOURS = pd.date_range("2023-01-02", periods=400, freq="h")
DAYS = pd.date_range("2023-01-02", periods=400, freq="D")
MONTHS = pd.date_range("2001-01-01", periods=60, freq="MS")
YEARS = pd.DatetimeIndex([f"{year}-01-01" for year in range(1970, 2024)])
UNITS = {"seconds": 10**9, "milliseconds": 10**6, "microseconds": 10**3, "nanoseconds": 1}


def read(*columns: Any, **config: Any) -> Times:
    table = pd.DataFrame({f"time{number}": column for number, column in enumerate(columns)})
    table.index = pd.RangeIndex(2, len(table) + 2)
    return read_times(table, tuple(table.columns), DataConfig.model_validate(config), "bars.csv")


def since_1970(moments: pd.DatetimeIndex, unit: str = "seconds") -> np.ndarray:
    return moments.to_numpy().astype("datetime64[ns]").astype(np.int64) // UNITS[unit]


def text(form: str) -> Callable[[pd.DatetimeIndex], tuple[Any, ...]]:
    return lambda moments: (list(moments.strftime(form)),)


def serial(moments: pd.DatetimeIndex) -> np.ndarray:
    return ((moments - pd.Timestamp("1899-12-30")) / pd.Timedelta(days=1)).to_numpy()


FORMS: dict[str, tuple[pd.DatetimeIndex, Callable[[pd.DatetimeIndex], tuple[Any, ...]], str]] = {
    "YYYY": (YEARS, text("%Y"), "YYYY"),
    "YYYYMM": (MONTHS, text("%Y%m"), "YYYYMM"),
    "YYYYMMDD as numbers": (DAYS, lambda when: (when.strftime("%Y%m%d").astype(int),), "YYYYMMDD"),
    "YYYYMMDD with a fraction of zero": (DAYS, lambda when: (when.strftime("%Y%m%d").astype(float),), "YYYYMMDD"),
    "YYYYMMDDHH": (HOURS, text("%Y%m%d%H"), "YYYYMMDDHH"),
    "YYYYMMDDHHMM": (HOURS, text("%Y%m%d%H%M"), "YYYYMMDDHHMM"),
    "YYYYMMDDHHMM of days": (DAYS, text("%Y%m%d%H%M"), "YYYYMMDDHHMM"),
    "YYYYMMDDHHMMSS": (HOURS, text("%Y%m%d%H%M%S"), "YYYYMMDDHHMMSS"),
    "YYYYMMDD HHMMSS": (HOURS, text("%Y%m%d %H%M%S"), "text"),
    "YYYYMMDD HHMMSSfff": (HOURS, text("%Y%m%d %H%M%S000"), "text"),
    "YYYYMMDDHHMMSSfff": (HOURS, text("%Y%m%d%H%M%S000"), "YYYYMMDDHHMMSSfff"),
    "Excel, days": (DAYS, lambda when: (serial(when).astype(int),), "serial days of Excel"),
    "Excel, hours": (HOURS, lambda when: (np.round(serial(when), 10),), "serial days of Excel"),
    "Excel, hours in five digits": (
        HOURS,
        lambda when: ([f"{day:.5f}" for day in serial(when)],),
        "serial days of Excel",
    ),
    "fractions of seconds": (HOURS, lambda when: (since_1970(when) + 0.0,), "seconds since 1970"),
    "ISO 8601": (HOURS, text("%Y-%m-%d %H:%M"), "text"),
    "ISO 8601, short hours": (
        HOURS,
        lambda when: ([f"{each:%Y-%m-%d} {each.hour}:{each:%M}" for each in when],),
        "text",
    ),
    "months": (MONTHS, text("%Y-%m"), "text"),
    "date and time in one, two spaces": (HOURS, text("%Y%m%d  %H:%M:%S"), "text"),
    "zone by name": (HOURS, text("%Y%m%d %H:%M:%S Etc/UTC"), "text"),
    "day first by its values": (HOURS, text("%d/%m/%Y %H:%M"), "text"),
    "month first by its values": (HOURS, text("%m/%d/%Y %H:%M"), "text"),
    "AM and PM": (HOURS, text("%m/%d/%Y %I:%M %p"), "text"),
    "AM and PM behind ISO": (HOURS, text("%Y-%m-%d %I:%M:%S %p"), "text"),
    "month by name": (DAYS, text("%b %d, %Y"), "text"),
    "day, month by name": (DAYS, text("%d-%b-%Y"), "text"),
    "midnight without a time of day": (
        HOURS,
        lambda when: ([f"{each:%d.%m.%Y %H:%M}".removesuffix(" 00:00") for each in when],),
        "text",
    ),
    "offset of GMT": (HOURS, text("%d.%m.%Y %H:%M:%S.000 GMT+0000"), "text"),
    "two columns": (HOURS, lambda when: (list(when.strftime("%Y.%m.%d")), list(when.strftime("%H:%M"))), "text"),
    "two columns, slashes": (
        HOURS,
        lambda when: (list(when.strftime("%m/%d/%Y")), list(when.strftime("%H:%M"))),
        "text",
    ),
    "two columns of digits": (
        HOURS,
        lambda when: (when.strftime("%Y%m%d").astype(int), when.strftime("%H%M%S").astype(int)),
        "YYYYMMDD",
    ),
    "two columns, HHMM without zeros": (
        HOURS,
        lambda when: (when.strftime("%Y%m%d").astype(int), when.strftime("%H%M").astype(int)),
        "YYYYMMDD",
    ),
    "two columns, AM and PM": (
        HOURS,
        lambda when: (list(when.strftime("%Y-%m-%d")), list(when.strftime("%I:%M:%S %p"))),
        "text",
    ),
    "dates and times of Python": (HOURS, lambda when: (list(when.date), list(when.time)), "text"),
    "datetimes of Python": (HOURS, lambda when: (pd.Series(list(when.to_pydatetime()), dtype=object),), "text"),
    "Arrow": (HOURS, lambda when: (pd.Series(when).astype(pd.ArrowDtype(pa.timestamp("ms"))),), "text"),
    "categories": (DAYS, lambda when: (pd.Series(when.strftime("%Y-%m-%d")).astype("category"),), "text"),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_read_as_what_it_means(form: str):
    moments, write, name = FORMS[form]
    found = read(*write(moments))
    np.testing.assert_array_equal(found.utc, moments.to_numpy().astype("datetime64[ns]"))
    assert found.utc.dtype == np.dtype("datetime64[ns]")
    assert (found.form, found.notes) == (name, ())


REFUSED: dict[str, tuple[Any, str]] = {
    "counters": (range(400), r"row 2: '0' is not a date, and not seconds.*data\.date_format"),
    "the year of the second row": (["2023-01-02", "2099-01-02"], r"row 3: '2099-01-02' .* after tomorrow"),
    "before 1970": (["1969-12-31", "1970-01-01"], r"row 2: '1969-12-31' .* before 1970"),
    "far away": (["2023-01-02", "9999-01-02"], r"row 3: '9999-01-02' .* after tomorrow"),
    "seconds of 2099": ([4070908800, 4070912400], r"row 2: .*2099-01-01 00:00, read as seconds since 1970, which"),
    "before 1970 in seconds": ([-3600, 1672617600], "row 2: '-3600' is negative, so it is before 1970"),
    "zero among seconds": ([1672617600, 0, 1672621200], "row 3: '0' is not a date"),
    "one digit too many": ([1672617600, 16726212000], r"row 3: '16726212000' .*2500"),
    "milliseconds of another time": ([1672617600, 167262120000], "row 3: .* at times far apart; write one unit|row 2"),
    "short years": (["230102", "230103"], r"row 2: '230102' .*set data\.date_format: '%y%m%d'"),
    "short years with hours": (["1701020000", "1701020100"], r"may be YYMMDDHHMM.*'%y%m%d%H%M'"),
    "short years with seconds": (["230102000000", "230102010000"], "may be YYMMDDHHMMSS"),
    "months or days of 2020": (
        ["200101", "200102"],
        "may be YYYYMM or YYMMDD; .*: '%Y%m' or '%y%m%d'",
    ),
    "day first without marks": (["02012023", "03012023"], "row 2: '02012023' begins with a zero.*'%d%m%Y'"),
    "an impossible date": (
        ["20230102", "20230230"],
        "row 3: '20230230' does not have the format",
    ),
    "ticks of .NET": ([638082144000000000, 638082180000000000], "nanoseconds since 1970 or ticks"),
    "day or month first": (["01/02/2023", "02/02/2023"], r"data\.date_format, such as '%m/%d/%Y' .*'%d/%m/%Y'"),
    "day first, then month first": (
        ["13/02/2023", "02/14/2023"],
        "row 3: '02/14/2023' .*than row 2: '13/02/2023'",
    ),
    "two years": (["01/02/23", "02/02/23"], "row 2: '01/02/23' is a timestamp of unknown form"),
    "no such day": (["2023-02-28", "2023-02-30"], "row 3: '2023-02-30' is no date"),
    "no such day, dots": (["28.02.2023", "30.02.2023"], "row 3: '30.02.2023' is no date"),
    "hour 24": (["2023-02-28 23:00", "2023-02-28 24:00"], "row 3: '2023-02-28 24:00' does not have the format"),
    "some with AM": (["2023-02-28 11:00 AM", "2023-02-28 12:00"], "row 3: '2023-02-28 12:00' does not have the format"),
    "some with a zone": (["2023-02-28 11:00", "2023-02-28 12:00Z"], "row 2: '2023-02-28 11:00' has no time zone"),
    "an empty cell": (["2023-02-28 11:00", None], "time0 is empty in row 3"),
    "no number": ([1672617600.0, np.inf], "row 3: 'inf' is not a finite number"),
    "words": (["yesterday", "today"], "row 2: 'yesterday' is a timestamp of unknown form.*date_format"),
    "digits of another script": (
        ["\u0662\u0660\u0662\u0663-\u0660\u0661-\u0660\u0662"],
        "is a timestamp of unknown form",
    ),
    "true and false": ([True, False], "has the type bool"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_two_readings_or_none_is_refused_by_row(case: str):
    cells, message = REFUSED[case]
    with pytest.raises(DataError, match=message):
        read(pd.Series(cells))


@pytest.mark.parametrize(
    ("date", "clock", "message"),
    [
        ("2023-01-02 01:00", "02:00", "row 2: '2023-01-02 01:00 02:00' has a time of day, and the column time1 too"),
        (20230102, 9, r"row 2: '20230102 9' may be an hour or a minute; set data\.date_format"),
        (20230102, 2460, "row 2: '20230102 2460' is no time of day in the form HHMMSS|HHMM"),
        ("2023-01-02", "noon", "row 2: '2023-01-02 noon' is no time of day in a known form"),
    ],
)
def test_a_time_of_day_that_cannot_be_read_is_refused(date: object, clock: object, message: str):
    with pytest.raises(DataError, match=message):
        read([date], [clock])


GIVEN = {
    "%m/%d/%Y %H:%M": ["01/02/2023 00:00", "01/02/2023 01:00"],
    "%d/%m/%Y %I:%M %p": ["02/01/2023 12:00 AM", "02/01/2023 01:00 AM"],
    "%y%m%d%H%M": ["2301020000", "2301020100"],
    "%d.%m.%y %H": ["02.01.23 00", "02.01.23 01"],
    "%Y-%m-%dT%H:%M%z": ["2023-01-02T01:00+0100", "2023-01-02T02:00+0100"],
    "seconds": [1672617600, 1672621200],
    "milliseconds": [1672617600000, 1672621200000],
    "excel": [44928, 44928 + 1 / 24],
}


@pytest.mark.parametrize("form", GIVEN)
def test_the_given_format_is_used(form: str):
    found = read(GIVEN[form], date_format=form)
    np.testing.assert_array_equal(found.utc, HOURS[:2].to_numpy().astype("datetime64[ns]"))


def test_the_given_format_is_of_both_columns():
    found = read([20230102, 20230102], [0, 1], date_format="%Y%m%d %H")
    np.testing.assert_array_equal(found.utc, HOURS[:2].to_numpy().astype("datetime64[ns]"))


@pytest.mark.parametrize("form", ["2023-01-02 10:00:00.{}", "02.01.2023 10:00:00.{}", "2023-01-02T11:00:00.{}+01:00"])
def test_nanoseconds_are_kept(form: str):
    found = read([form.format(digits) for digits in ("123456789", "5", "123456")])
    assert found.utc[0] == np.datetime64("2023-01-02T10:00:00.123456789")
    assert found.utc[1] == np.datetime64("2023-01-02T10:00:00.5")


def test_timestamps_take_no_format():
    with pytest.raises(DataError, match=r"row 2: .* needs no data\.date_format; remove '%Y'"):
        read(HOURS, date_format="%Y")


def test_seconds_of_1970_are_read_if_they_are_said_to_be_seconds():
    found = read([0, 3600], date_format="seconds")
    assert found.utc.tolist() == [0, 3600 * 10**9]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("%m/%d/%Y", r"row 2: '13/02/2023' does not have data\.date_format '%m/%d/%Y'"),
        ("%d/%m/%Q", "data.date_format '%d/%m/%Q' is not a format of strptime"),
        ("excel", "'13/02/2023' does not have the format|no number|not a finite"),
    ],
)
def test_a_format_that_does_not_fit_is_refused(form: str, message: str):
    with pytest.raises(DataError, match=message):
        read(["13/02/2023"], date_format=form)


def test_seconds_that_begin_in_1970_have_the_unit_of_the_later_ones():
    moments = pd.date_range("1970-01-02", "1975-01-01", freq="D")
    np.testing.assert_array_equal(read(since_1970(moments)).utc, moments.to_numpy().astype("datetime64[ns]"))


def test_two_units_are_named_with_their_rows():
    numbers = since_1970(HOURS, "milliseconds").copy()
    numbers[300:] *= 1000
    found = read(numbers)
    np.testing.assert_array_equal(found.utc, HOURS.to_numpy().astype("datetime64[ns]"))
    note = found.notes[0]
    assert "milliseconds in 300 rows and microseconds in 100 others, each converted by its own unit" in note.text
    assert (note.rows, note.first_rows[:2]) == (100, (302, 303))


hours = st.lists(st.integers(365 * 24, 450_000), min_size=1, max_size=30, unique=True).map(
    lambda each: np.sort(np.array(each, np.int64)) * 3600
)


@settings(max_examples=200, deadline=None)
@given(seconds=hours, data=st.data())
def test_a_change_of_unit_changes_no_time(seconds: np.ndarray, data: st.DataObject):
    span = data.draw(st.integers(0, 24 * 365))
    seconds = seconds[0] + (seconds - seconds[0]) % (span * 3600 + 3600)
    scales = data.draw(
        st.lists(st.sampled_from([1, 10**3, 10**6, 10**9]), min_size=len(seconds), max_size=len(seconds))
    )
    try:
        found = read(seconds * np.array(scales, np.int64)).utc
    except DataError:
        return
    np.testing.assert_array_equal(found, (seconds * 10**9).astype("datetime64[ns]"))


@settings(max_examples=60, deadline=None)
@given(start=st.integers(365 * 24, 450_000), unit=st.sampled_from(["seconds", "milliseconds", "microseconds"]))
def test_a_day_of_hours_in_one_unit_is_read(start: int, unit: str):
    seconds = (start + np.arange(24)) * 3600
    found = read(seconds * (10**9 // UNITS[unit]))
    np.testing.assert_array_equal(found.utc, (seconds * 10**9).astype("datetime64[ns]"))
    assert found.form == f"{unit} since 1970"


@settings(max_examples=60, deadline=None)
@given(form=st.sampled_from(sorted(FORMS)), data=st.data())
def test_a_permutation_of_rows_changes_no_time(form: str, data: st.DataObject):
    moments, write, _ = FORMS[form]
    order = np.array(data.draw(st.permutations(range(len(moments)))))
    found = read(*write(moments[order]))
    np.testing.assert_array_equal(found.utc, moments[order].to_numpy().astype("datetime64[ns]"))


@settings(max_examples=60, deadline=None)
@given(one=st.sampled_from(sorted(FORMS)), other=st.sampled_from(sorted(FORMS)), row=st.integers(0, 53))
def test_a_cell_of_another_form_is_refused_or_read_as_what_it_means(one: str, other: str, row: int):
    moments, write, _ = FORMS[one]
    columns, strange = write(moments), FORMS[other][1](moments)
    if len(columns) != 1 or len(strange) != 1:
        return
    mixed = [str(cell) for cell in columns[0]]
    mixed[row] = str(list(strange[0])[row])
    try:
        found = read(mixed).utc
    except DataError:
        return
    wanted = moments.to_numpy().astype("datetime64[ns]")
    precision = np.timedelta64(500, "ms") if "Excel" in one or "Excel" in other else np.timedelta64(0)
    kept = wanted.copy()
    if "%H" not in other:  # a form without a time of day
        kept[row] = found[row]
    assert (np.abs(found - kept) <= precision).all()


@settings(max_examples=300, deadline=None)
@given(numbers=st.lists(st.integers(0, 9 * 10**18), min_size=1, max_size=8))
def test_numbers_are_times_from_1970_to_tomorrow_or_refused(numbers: list[int]):
    try:
        found = read(np.array(numbers, np.int64)).utc
    except DataError:
        return
    assert (found >= np.datetime64("1970-01-01")).all()
    assert (found < np.datetime64(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2))).all()


@pytest.mark.parametrize("mark", [".", "/"])
@pytest.mark.parametrize("form", ["%Y.%m.%d", "%Y.%m.%d %H:%M", "%Y.%m.%dT%H:%M:%S", "%Y.%m.%d %H:%M:%S.000"])
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_dates_with_other_marks_are_those_with_dashes(mark: str, form: str, kind: pa.DataType) -> None:
    texts = HOURS.strftime(form.replace(".", mark, 2))
    dashed = HOURS.strftime(form.replace(".", "-", 2))
    whole = pa.array([texts[0], *texts], kind)
    assert with_dashes(whole[1:]).to_pylist() == dashed.tolist()
    column = pd.Series(texts, dtype=pd.ArrowDtype(kind))
    np.testing.assert_array_equal(read(column).utc, read(list(dashed)).utc)


@pytest.mark.parametrize(
    "texts",
    [
        ["2023.01.02", "2023.1.03"],
        ["2023.01.02", "2023-01.03"],
        ["2023.01/02", "2023.01/03"],
        ["2023.01.023", "2023.01.024"],
        ["02.01.2023", "03.01.2023"],
        ["\uff12023.01.02", "2023.01.03"],
    ],
)
def test_dates_in_other_forms_stay_as_they_are(texts: list[str]) -> None:
    assert with_dashes(pa.array(texts)).to_pylist() == texts


def test_a_date_that_does_not_exist_is_named_with_its_row() -> None:
    with pytest.raises(DataError, match=r"row 3: '2023.02.30 00:00' is no date"):
        read(["2023.02.01 00:00", "2023.02.30 00:00"])
