"""The overview of a study agrees with its record."""

from typing import Any

import optuna
import pytest
from optuna.trial import create_trial

from fxai.results.pareto_selection import selected_trial
from fxai.results.record import StudyRecord
from fxai.results.study_overview import LEADERS, StudyOverview
from fxai.results.summary import StudySummary
from fxai.search import attributes
from fxai.search.studies import load_study, stored_study

VALUES = ((1.0, 0.1), (2.0, 0.2), (3.0, 0.9), (1.5, 0.5), (2.0, 0.2), (9.0, 0.0), (9.0, 0.0), (9.0, 0.0))
MARKS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {},
    {},
    {},
    {attributes.INFEASIBLE: ["a < b"]},
    {attributes.TRANSFERRED: "other 1"},
    {},
)
SOURCE = {"study_name": "before", "storage": "sqlite:///old.db", "finished": 9, "best_trial": 3, "best_value": 0.5}
TAKEN_OVER = {"source": SOURCE, "modes": ["fix"], "fixed": {"training.gamma": 0.99}}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of a database with a study of two objectives, with trials that count for nothing, and one of one objective."""
    url = f"sqlite:///{tmp_path_factory.mktemp('brief') / 'studies.db'}"
    several = optuna.create_study(study_name="several", storage=url, directions=["maximize", "minimize"])
    several.set_metric_names(["sharpe", "max_drawdown"])
    several.set_user_attr(attributes.FINGERPRINT, {"metric_name": "max_drawdown"})
    bounds = {"constraints": [1.0]}  # Optuna's own, which the last trial breaks
    for values, marks in zip(VALUES, MARKS, strict=True):
        last = values is VALUES[-1] and len(several.trials) == len(VALUES) - 1
        several.add_trial(create_trial(values=values, user_attrs=marks, system_attrs=bounds if last else {}))
    one = optuna.create_study(study_name="one", storage=url, direction="minimize")
    one.set_user_attr(attributes.TRANSFER, TAKEN_OVER)
    for value in (0.5, 0.1, 0.1, 0.9, 0.3, 0.2, 0.4):
        one.add_trial(create_trial(value=value))
    one.ask()
    optuna.create_study(study_name="none", storage=url)
    return url


@pytest.mark.parametrize("name", ["several", "one", "none"])
def test_the_overview_agrees_with_the_record(url: str, name: str) -> None:
    with stored_study(url, name) as study:
        overview, whole = StudyOverview.of(study), StudyRecord.of_trials(study, study.trials())
    record = StudyRecord.of(load_study(url, name))
    assert whole == record
    same = ("name", "direction", "metric", "goals", "first", "best", "infeasible", "ended_by", "transfer_origin")
    for said in same:
        assert getattr(overview, said) == getattr(record, said), said
    assert tuple(overview.front) == tuple(record.front)
    assert list(overview.leaders) == (record.ranked() if record.front else record.ranked()[:LEADERS])
    assert StudySummary.of(overview) == StudySummary.of(record)


def test_what_leads_of_several_objectives(url: str) -> None:
    with stored_study(url, "several") as study:
        overview = StudyOverview.of(study)
    assert overview.metric == "max_drawdown"
    assert [trial.number for trial in overview.front] == [0, 1, 4, 2]
    best = selected_trial(overview, "sharpe").best
    assert best is not None
    assert best.number == 2
    assert overview.infeasible == 1


def test_what_it_began_with(url: str) -> None:
    with stored_study(url, "one") as study:
        overview = StudyOverview.of(study)
    assert overview.transfer_origin is not None
    assert (overview.transfer_origin.source, overview.transfer_origin.winner) == ("before", True)
    assert [trial.number for trial in overview.leaders] == [1, 2, 5, 4, 6]
