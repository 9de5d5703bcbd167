"""The standard errors of a value, and the sentence about them."""

import pytest

from fxai.protocol import MARKET_ERROR, SEED_ERROR, STANDARD_ERROR
from fxai.results.value_errors import UNKNOWN, ValueErrors

WHOLE = {STANDARD_ERROR: 0.5, SEED_ERROR: 0.3, MARKET_ERROR: 0.4}


@pytest.mark.parametrize(
    ("metrics", "errors"),
    [
        ({}, UNKNOWN),
        (WHOLE, ValueErrors(0.5, 0.3, 0.4)),
        ({STANDARD_ERROR: 0.4, MARKET_ERROR: 0.4}, ValueErrors(0.4, None, 0.4)),  # one seed
        ({SEED_ERROR: 0.3}, ValueErrors(None, 0.3, None)),  # too few bars for the error of the market
        ({STANDARD_ERROR: 0.3}, ValueErrors(0.3, 0.3, None)),  # custom code, and earlier releases
    ],
)
def test_the_errors_of_a_trial(metrics: dict[str, float], errors: ValueErrors) -> None:
    assert ValueErrors.of(metrics) == errors
    assert errors.as_json() == {STANDARD_ERROR: errors.total, SEED_ERROR: errors.seeds, MARKET_ERROR: errors.market}


@pytest.mark.parametrize(
    ("errors", "trading", "words"),
    [
        (ValueErrors(0.5, 0.3, 0.4), True, "that of the seeds, and that of the stretch of market"),
        (ValueErrors(0.4, None, 0.4), True, "For a single seed, the error of the seeds is not known."),
        (ValueErrors(0.3, 0.3, None), True, "of the seeds alone, as earlier releases computed it"),
        (ValueErrors(0.3, 0.3, None), False, "of the seeds alone, or the standard error that your code reports"),
    ],
)
def test_the_sentence_says_what_the_error_holds(errors: ValueErrors, words: str, *, trading: bool) -> None:
    assert words in errors.explained(trading=trading)


@pytest.mark.parametrize("trading", [True, False])
def test_without_an_error_there_is_no_sentence(*, trading: bool) -> None:
    assert UNKNOWN.explained(trading=trading) == ValueErrors(None, 0.3, None).explained(trading=trading) == ""
