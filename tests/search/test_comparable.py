from typing import Any

from fxai.search.comparable import scoring_differences, training_differences
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.study import StudySpec

GAMMA = FloatParameter(name="training.gamma", low=0.9, high=0.99)
DROPOUT = FloatParameter(name="lora.dropout", low=0.1, high=0.2)


def made_of(**fields: Any) -> dict[str, Any]:
    return fingerprint(StudySpec.model_validate({"study_name": "s", "parameters": (GAMMA,), **fields}))


def both(one: dict[str, Any], other: dict[str, Any]) -> tuple[list[str], list[str]]:
    return list(scoring_differences(one, other)), list(training_differences(one, other))


def test_search_spaces_and_networks_may_differ() -> None:
    narrow = FloatParameter(name="training.gamma", low=0.95, high=0.96)
    config = {"model": {"d_model": 128}}
    assert both(made_of(), made_of(parameters=(narrow,), training_config=config)) == ([], [])


def test_scoring_and_training_differences_are_separate() -> None:
    config = {"env": {"max_episode_steps": 64}, "training": {"total_updates": 7}, "data": {"features": {"time": False}}}
    found = both(made_of(), made_of(training_config=config, seeds_per_trial=3))
    assert found == (["seeds_per_trial", "env.max_episode_steps"], ["training.total_updates"])


def test_another_algorithm_is_another_training() -> None:
    dqn = made_of(training_config={"training": {"algorithm": "dqn"}})
    assert "training.algorithm" in list(training_differences(made_of(), dqn))
    assert not list(scoring_differences(made_of(), dqn))


def test_own_code_and_agents_are_compared_in_both_directions() -> None:
    own = made_of(objective="code:train", training_config={"epochs": 3}, metric_name="loss")
    for one, other in ((own, made_of()), (made_of(), own)):
        scoring, training = both(one, other)
        assert {"objective", "metric_name", "training_config.epochs"} <= set(scoring)
        assert training == []


def test_of_signals_the_baskets_and_the_base_look_ahead_score() -> None:
    def signals(**sections: Any) -> dict[str, Any]:
        config = {"data": {"source": "p.csv"}, "news": {"file": "n.csv"}, "model": {"path": "m"}, **sections}
        return made_of(objective="llm_signal", parameters=(DROPOUT,), training_config=config)

    same = signals(lora={"r": 3}, decisions={"max_headlines": 2}, model={"path": "other"})
    assert both(signals(), same) == ([], [])
    other = signals(baskets={"hold": 2}, decisions={"lookahead": 5, "gap": 9}, training={"max_train_steps": 7})
    scoring, training = both(signals(), other)
    assert scoring == ["baskets.hold", "decisions.lookahead", "decisions.gap"]
    assert training == ["training.max_train_steps"]
    assert "news" in both(signals(), signals(news={"file": "others.csv"}))[0]
