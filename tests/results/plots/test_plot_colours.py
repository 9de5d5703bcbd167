"""Contrast of points and lines of Optuna's figures on light and dark pages."""

import re
from importlib.resources import files

import optuna
import pytest

from fxai.results.page.palette import DARK, MARKS
from fxai.results.plots.figures import parallel_coordinate, slice_plot
from fxai.results.plots.plot_colours import in_own_colours

LEAST = 3.0  # WCAG's contrast of what is no text
_LINEAR_BELOW = 0.04045


def cards() -> tuple[str, str]:
    """The grounds of a light and of a dark page."""
    style = files("fxai.results.page").joinpath("templates/page.css").read_text(encoding="utf-8")
    light, dark, *_ = re.findall(r"--card: (#\w+)", style)
    return light.replace("#fff", "#ffffff"), dark


def luminance(colour: str) -> float:
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        share / 12.92 if share <= _LINEAR_BELOW else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", MARKS)
def test_every_mark_stands_out(colour: str) -> None:
    light, dark = cards()
    assert contrast(colour, light) >= LEAST
    assert contrast(DARK[colour], dark) >= LEAST


def test_later_marks_are_stronger() -> None:
    light, dark = cards()
    assert sorted(MARKS, key=lambda colour: contrast(colour, light)) == list(MARKS)
    assert sorted(MARKS, key=lambda colour: contrast(DARK[colour], dark)) == list(MARKS)


def test_slices_and_parallel_coordinates_are_drawn_in_these_colours(study: optuna.Study) -> None:
    points = [trace for trace in in_own_colours(slice_plot(study)).data if trace.marker.colorscale is not None]
    assert points
    for trace in points:
        assert [colour for _, colour in trace.marker.colorscale] == list(MARKS)
    lines = [trace for trace in in_own_colours(parallel_coordinate(study)).data if trace.mode == "lines"]
    assert lines
    assert {trace.line.color for trace in lines} <= set(MARKS)
