"""What a language model may have read of judged bars."""

from datetime import date

import numpy as np
import pytest

from fxai.evaluation.model_knowledge import ModelKnowledge, knowledge_of

DATES = np.arange("2024-03-04", "2024-03-09", dtype="datetime64[D]").astype("datetime64[ns]")


@pytest.mark.parametrize(("until", "bars"), [(date(2024, 3, 4), 1), (date(2024, 3, 6), 3), (date(2025, 1, 1), 5)])
def test_bars_of_the_last_day_and_before_it_may_have_been_read(until: date, bars: int) -> None:
    found = knowledge_of(until, DATES)
    assert found == ModelKnowledge(until.isoformat(), bars)
    assert str(bars) in found.sentence
    assert until.isoformat() in found.sentence


def test_nothing_is_said_of_a_model_whose_texts_end_before_the_bars() -> None:
    assert knowledge_of(date(2024, 3, 3), DATES) is None


def test_an_unknown_date_concerns_all_bars() -> None:
    found = knowledge_of(None, DATES)
    assert found == ModelKnowledge(None, len(DATES))
    assert "it is unknown until when" in found.sentence
