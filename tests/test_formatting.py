"""Format of figures, spans of time and foreign text."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.formatting import assignments, counted, figure, legible, runs, short_cause, span
from fxai.protocol import ParamValue


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00015234, "0.0001523"),
        (142.3, "142.3"),
        (15.42, "15.42"),
        (1e-05, "1e-05"),
        (12345.678, "1.235e+04"),
        (0.0, "0"),
        (-0.5, "-0.5"),
        (128, "128"),
        (True, "True"),
        (None, "None"),
        ("mlp", "mlp"),
    ],
)
def test_figure(value: ParamValue, text: str) -> None:
    assert figure(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.84, "0.8s"),
        (9.97, "10.0s"),
        (12, "12s"),
        (59.6, "1m 00s"),
        (245, "4m 05s"),
        (4980, "1h 23m"),
        (183_600, "2d 03h"),
    ],
)
def test_span(seconds: float, text: str) -> None:
    assert span(seconds) == text


@given(st.floats(min_value=0, max_value=1e8))
def test_a_span_is_short(seconds: float) -> None:
    assert len(span(seconds)) <= len("1157d 10h")


@given(st.text())
def test_legible_text_is_printable_and_as_long(text: str) -> None:
    assert legible(text).isprintable()
    assert len(legible(text)) == len(text)


def test_legible_keeps_printable_text() -> None:
    assert legible("étude [bold]1[/bold]") == "étude [bold]1[/bold]"


def test_legible_removes_escape_characters() -> None:
    assert "\x1b" not in legible("\x1b[31mred\x1b[0m\nnext")


def test_counted() -> None:
    assert counted(1, "trial") == "1 trial"
    assert counted(0, "trial") == "0 trials"


@pytest.mark.parametrize(
    ("numbers", "text"),
    [((), ""), ((4,), "4"), ((5, 4), "4, 5"), ((9, 3, 4, 5, 12, 13), "3-5, 9, 12, 13"), (range(32), "0-31")],
)
def test_runs(numbers: Iterable[int], text: str) -> None:
    assert runs(numbers) == text


def test_assignments() -> None:
    assert assignments({"a": 1, "b": 0.5}) == "a=1, b=0.5"


@given(st.text(max_size=1000), st.text(max_size=200))
def test_a_cause_is_short_and_keeps_the_log(message: str, path: str) -> None:
    short = short_cause(message)
    assert short == legible(message) or " (log: " in message or len(short) == 301
    log = f" (log: {path.replace(' (log: ', '')})"
    assert short_cause(message + log).endswith(legible(log))
    assert len(short_cause(message + log)) <= 301 + len(log)


def test_the_middle_of_a_long_cause_is_left_out() -> None:
    assert short_cause("a" * 200 + "b" * 50 + "c" * 100) == "a" * 200 + "…" + "c" * 100
    assert short_cause("a" * 300) == "a" * 300
