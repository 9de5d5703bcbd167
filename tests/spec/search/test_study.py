"""Names that lead to folders and to code."""

import pytest
from pydantic import ValidationError

from fxai.errors import SpecError
from fxai.spec.fields.objective import name_of
from fxai.spec.reading.load import spec_of
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.study import StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml
from fxai.study.trial_limits import worker_limits


def study(**fields: object) -> StudySpec:
    parameter = FloatParameter(name="training.gamma", low=0.9, high=0.99)
    return StudySpec(parameters=(parameter,), **{"study_name": "s", **fields})


@pytest.mark.parametrize("name", ["fx_trading", "my_objective:run", "package.module:run_trial"])
def test_an_objective_is_shipped_or_the_users_function(name: str) -> None:
    assert name_of(study(objective=name).objective) == name


@pytest.mark.parametrize("name", ["fx", "", "package.module", "module:", ":run", "a b:run", "os.system:rm -rf"])
def test_other_objectives_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match=r"package\.module:function"):
        study(objective=name)


@pytest.mark.parametrize("name", ["", "..", "../up", "a/b", "a\\b", ".hidden", "-flag", "x" * 300, "tab\t", "a:b"])
def test_a_study_name_is_a_plain_folder_name(name: str) -> None:
    with pytest.raises(ValidationError):
        study(study_name=name)


SEVERAL = [{"metric": "sharpe_ratio"}, {"metric": "max_drawdown", "direction": "minimize"}]


def test_of_several_objectives_the_first_prunes_unless_another_is_named() -> None:
    made = study(objectives=SEVERAL)
    assert [(goal.metric, goal.direction) for goal in made.goals] == [
        ("sharpe", "maximize"),
        ("max_drawdown", "minimize"),
    ]
    assert (made.metric_name, made.direction) == ("sharpe", "maximize")
    other = study(objectives=SEVERAL, metric_name="max_drawdown")
    assert (other.metric_name, other.direction) == ("max_drawdown", "minimize")
    assert StudySpec.model_validate(other.model_dump()) == other


def test_one_objective_is_a_goal_too() -> None:
    (goal,) = study(metric_name="sortino_ratio", direction="minimize").goals
    assert (goal.metric, goal.direction) == ("sortino", "minimize")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"objectives": SEVERAL[:1]}, "must have at least 2"),
        ({"objectives": [*SEVERAL, {"metric": "sharpe"}]}, "'sharpe' is given twice"),
        ({"objectives": [*SEVERAL, {"metric": "sharp"}]}, "has no metric 'sharp'; did you mean 'sharpe'"),
        ({"objectives": SEVERAL, "metric_name": "romad"}, "must be one of the objectives: sharpe, max_drawdown"),
        ({"objectives": SEVERAL, "sampler": {"type": "CmaEsSampler"}}, "supports one objective"),
        ({"objectives": SEVERAL, "search": {"ready_interval": 10}}, "compares its members by one value"),
    ],
)
def test_objectives_that_cannot_be(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        study(**fields)


def test_a_spec_that_extends_another_may_have_other_objectives() -> None:
    text = (
        "name: x\nextends: quick_search\nstudies: [{study_name: x, objectives: [{metric: sharpe}, {metric: romad}]}]\n"
    )
    (made,) = spec_of(parse_yaml(text, "x.yaml")).studies
    assert [goal.metric for goal in made.goals] == ["sharpe", "romad"]


def test_each_objective_has_its_direction() -> None:
    text = "name: x\nstudies: [{study_name: x, direction: maximize, objectives: [{metric: sharpe}, {metric: romad}]}]\n"
    with pytest.raises(SpecError, match="not with objectives; set the direction of each objective"):
        spec_of(parse_yaml(text, "x.yaml"))


COUNTS = [
    "n_trials",
    "n_jobs",
    "seeds_per_trial",
    "max_concurrent_trials",
    "retries",
    "keep_best_n",
    "resources.cpu",
    "resources.lanes_per_worker",
    "stop.env_steps",
    "training_config.training.total_updates",
    "training_config.training.n_envs",
    "training_config.training.rollout_steps",
    "training_config.model.d_model",
    "training_config.model.n_layers",
    "training_config.env.observation_window",
]


@pytest.mark.parametrize("key", COUNTS)
def test_a_count_beyond_all_machines_is_refused_with_its_bound(key: str) -> None:
    written: object = 10**30
    for name in reversed(key.split(".")):
        written = {name: written}
    assert isinstance(written, dict)
    parameters = [{"name": "training.learning_rate", "type": "float_log", "low": 1e-5, "high": 1e-3}]
    with pytest.raises(ValidationError, match="less than or equal to"):
        StudySpec.model_validate({"study_name": "s", "parameters": parameters, **written})


def test_a_memory_limit_beyond_any_machine_is_refused() -> None:
    assert worker_limits(study(memory_limit_gb=1e9)).worker_bytes == 10**18
    with pytest.raises(ValidationError, match="less than or equal to"):
        study(memory_limit_gb=1e308)  # an infinite number of bytes
