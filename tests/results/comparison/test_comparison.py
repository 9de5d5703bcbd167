import pytest

from fxai.errors import InputError
from fxai.results.comparison.comparison import Comparison
from fxai.results.comparison.comparison_summary import cautions
from fxai.results.comparison.tables import importance_rows, parameter_rows, study_rows
from fxai.results.strict_json import json_text
from results.comparison.conftest import Kept


@pytest.fixture(scope="module")
def compared(kept: Kept) -> Comparison:
    return Comparison.of([kept.near, kept.wide, kept.loss])


def test_metrics_are_kept_apart(compared: Comparison) -> None:
    goals = [(group.goal.metric, group.goal.direction) for group in compared.groups]
    assert goals == [("mean_reward", "maximize"), ("value", "minimize")]
    assert [[study.label for study in group.studies] for group in compared.groups] == [["wide", "near"], ["loss"]]
    assert compared.groups[1].summary == "Only loss has this goal: minimize value."


def test_cautions_name_the_differences_in_scoring(compared: Comparison) -> None:
    scored, tried = compared.groups[0].cautions
    assert (
        scored == "near and wide score their trials differently. They differ in seeds_per_trial, env.max_episode_steps."
    )
    assert "near 12, wide 40" in tried
    assert compared.groups[1].cautions == ()  # it is alone
    near, _, foreign = compared.studies
    (first, *_) = cautions([near, foreign])
    assert first == "Studies of other programs, whose scoring is not known: loss."


def test_who_was_as_good_how_soon(compared: Comparison) -> None:
    group = compared.groups[0]
    leader, other = group.studies
    assert other.best is not None
    assert group.level == other.best.value
    last = group.reached(other)
    assert last is not None
    assert (last.finished, last.seconds) == (other.best.number + 1, 10 * (other.best.number + 1))
    first = group.reached(leader)
    assert first is not None
    values = [trial.value for trial in sorted(leader.analysis.top, key=lambda trial: trial.number)]
    level = group.level
    assert level is not None
    assert any(value is not None and value >= level for value in values)
    assert compared.groups[1].level is None


def test_parameters_meet_in_the_field_that_they_set(compared: Comparison) -> None:
    assert compared.shared == ("training.learning_rate",)
    assert compared.leaders_agree("training.learning_rate") is True
    assert compared.unshared == {"wide": ("model.d_model",), "loss": ("x",)}
    (row,) = parameter_rows(compared, ranges=True)
    assert row[0] == "training.learning_rate"
    assert row[1].endswith(" of 0.001 to 0.01")
    assert row[2].endswith(" of 0.0001 to 0.01")
    assert row[3:] == ("-", "yes")
    assert {name for name, *_ in importance_rows(compared)} == {"training.learning_rate", "model.d_model"}


def test_by_a_metric_that_all_have_they_are_one_group(kept: Kept) -> None:
    (group,) = Comparison.of([kept.near, kept.wide], by="sharpe").groups
    assert group.goal.metric == "sharpe"
    for study in group.studies:
        assert study.best is not None
        assert study.best.standard_error is None
        rate = study.parameters["training.learning_rate"].best
        assert study.best.value == -float(rate)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="'loss' has a metric 'sharpe'"):
        Comparison.of([kept.near, kept.loss], by="sharpe")


def test_a_small_difference_is_called_possible_by_chance(kept: Kept, compared: Comparison) -> None:
    assert "Without standard errors, this may be chance." in compared.groups[0].summary
    (twins,) = Comparison.of([kept.wide, type(kept.wide)(kept.wide.storage + "?timeout=5", "wide")]).groups
    assert "have the same best value" in twins.summary


def test_one_study_is_no_comparison(kept: Kept) -> None:
    with pytest.raises(InputError, match="needs at least two studies; only 'wide' is given"):
        Comparison.of([kept.wide])


def test_it_is_plain_json_and_rows(compared: Comparison) -> None:
    text = json_text(compared.as_json())
    assert '"leaders_agree": true' in text
    rows = study_rows(compared.groups[0])
    assert [row[0] for row in rows] == ["wide", "near"]
    assert "±" in rows[0][1]
