"""Configurations around a winner."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.evaluation.neighbour_draw import Neighbour, draw_neighbours
from fxai.spec.search.parameters import (
    CategoricalParameter,
    Choice,
    FloatParameter,
    IntParameter,
    Parameter,
    contains,
    nearest_value,
)

GAMMA = FloatParameter(name="gamma", low=0.9, high=1.0)
RATE = FloatParameter(name="rate", low=1e-5, high=1e-1, log=True)
EPOCHS = IntParameter(name="epochs", low=2, high=6)
WIDTH = CategoricalParameter(name="width", choices=(16, 32, 64))


def draw(parameters: Sequence[Parameter], winner: Mapping[str, Choice], **changes: Any) -> tuple[Neighbour, ...]:
    settings = {"count": 8, "seed": 1, "is_allowed": lambda _: True, **changes}
    return draw_neighbours(parameters, winner, **settings)


def test_numbers_move_by_a_tenth_of_their_range_on_the_scale_of_the_search() -> None:
    drawn = draw([GAMMA, RATE, EPOCHS, WIDTH], {"gamma": 0.95, "rate": 1e-3, "epochs": 4, "width": 16})
    assert len(drawn) == 8
    assert {round(float(each.params["gamma"] or 0), 9) for each in drawn} == {0.94, 0.96}
    assert {round(math.log10(float(each.params["rate"] or 0)), 9) for each in drawn} == {-3.4, -2.6}
    assert {each.params["epochs"] for each in drawn} == {3, 5}  # a tenth is less than one step
    assert {each.params["width"] for each in drawn} == {16}
    assert {round(abs(each.moves["epochs"]), 9) for each in drawn} == {2.5}
    assert all("width" not in each.moves for each in drawn)


@pytest.mark.parametrize("count", range(1, 8))
def test_eight_configurations_of_up_to_seven_parameters_are_uncorrelated(count: int) -> None:
    parameters = [FloatParameter(name=f"p{place}", low=0, high=1) for place in range(count)]
    drawn = draw(parameters, dict.fromkeys((each.name for each in parameters), 0.5))
    signs = np.sign([list(each.moves.values()) for each in drawn])
    assert len(drawn) == min(8, 2**count)
    if count != 3:  # all eight corners of three parameters
        assert np.array_equal(signs.T @ signs, len(drawn) * np.eye(count))
    assert not signs.sum(axis=0).any()


def test_a_parameter_at_its_end_moves_inwards_or_stays() -> None:
    drawn = draw([GAMMA, RATE], {"gamma": 1.0, "rate": 1e-5})
    assert {round(float(each.params["gamma"] or 0), 9) for each in drawn} == {1.0, 0.99}
    assert len(drawn) == 3  # the fourth is the winner itself
    assert {each.params["epochs"] for each in draw([EPOCHS], {"epochs": 6})} == {5}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (WIDTH, 32),
        (IntParameter(name="layers", low=2, high=2), 2),
        (FloatParameter(name="gamma", low=0.9, high=1.0), 0.8),  # outside the range of a later phase
        (FloatParameter(name="gamma", low=0.9, high=1.0, step=0.1), None),
    ],
)
def test_nothing_is_drawn_without_a_number_that_can_be_moved(parameter: Parameter, value: Choice) -> None:
    assert draw([parameter], {} if value is None else {parameter.name: value}) == ()


def test_a_parameter_that_decides_on_others_stays() -> None:
    layers = IntParameter(name="layers", low=1, high=9)
    second = FloatParameter(name="dropout", low=0, high=1, when={"layers": (4, 5)})
    drawn = draw([layers, second], {"layers": 4, "dropout": 0.5})
    assert [each.params["layers"] for each in drawn] == [4, 4]
    assert draw([layers, second], {"layers": 3}) == ()  # dropout does not exist there


def test_configurations_that_are_not_allowed_are_replaced() -> None:
    parameters = [FloatParameter(name=f"p{place}", low=0, high=1) for place in range(5)]
    winner = dict.fromkeys((each.name for each in parameters), 0.5)
    drawn = draw(parameters, winner, is_allowed=lambda params: float(params["p0"] or 0) < 0.5)
    assert len(drawn) == 8
    assert {each.params["p0"] for each in drawn} == {0.4}
    assert draw(parameters, winner, is_allowed=lambda _: False) == ()


@st.composite
def spaces(draw_from: st.DrawFn) -> tuple[list[Parameter], dict[str, Choice]]:
    parameters: list[Parameter] = []
    winner: dict[str, Choice] = {}
    for place in range(draw_from(st.integers(1, 10))):
        name, log = f"p{place}", draw_from(st.booleans())
        low, length = draw_from(st.integers(1, 50)), draw_from(st.integers(0, 1000))
        kind = draw_from(st.sampled_from(["int", "float", "step", "choice"]))
        parameter: Parameter
        match kind:
            case "int":
                step = 1 if log else draw_from(st.integers(1, 5))
                parameter = IntParameter(name=name, low=low, high=low + length, log=log, step=step)
            case "float":
                parameter = FloatParameter(name=name, low=low / 7, high=(low + length) / 7, log=log)
            case "step":
                parameter = FloatParameter(name=name, low=low / 10, high=low / 10 + length, step=0.1)
            case _:
                parameter = CategoricalParameter(name=name, choices=("a", "b"))
        parameters.append(parameter)
        if isinstance(parameter, CategoricalParameter):
            winner[name] = "a"
        else:
            share = draw_from(st.sampled_from([0.0, 0.03, 0.5, 0.77, 1.0]))
            winner[name] = nearest_value(parameter, parameter.low + share * (parameter.high - parameter.low))
    return parameters, winner


@given(spaces(), st.integers(1, 12), st.integers(0, 99))
def test_every_configuration_is_another_point_of_the_space(
    space: tuple[list[Parameter], dict[str, Choice]], count: int, seed: int
) -> None:
    parameters, winner = space
    drawn = draw(parameters, winner, count=count, seed=seed)
    assert drawn == draw(parameters, winner, count=count, seed=seed)
    points = [tuple(each.params.items()) for each in [*drawn, Neighbour(winner, {})]]
    assert len(set(points)) == len(points) <= count + 1
    for each in drawn:
        assert each.params.keys() == winner.keys()
        assert all(contains(parameter, each.params[parameter.name]) for parameter in parameters)
        assert any(each.moves.values())
        for parameter in parameters:
            if isinstance(parameter, FloatParameter) and parameter.step is None:
                assert abs(each.moves.get(parameter.name, 0.0)) < 1 + 1e-6
