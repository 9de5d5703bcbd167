"""A new study that learns from an earlier one's trials."""

from pathlib import Path
from typing import Any

import pytest
from optuna.distributions import CategoricalDistribution
from optuna.trial import TrialState as OptunaState
from optuna.trial import create_trial

from fxai.errors import StorageError
from fxai.protocol import Report, TrialResult, TrialState
from fxai.results.record import StudyRecord
from fxai.search import attributes
from fxai.search.open_search import open_search
from fxai.search.source_url import source_url
from fxai.search.studies import load_study, summaries
from fxai.search.study import Search
from fxai.search.warm_start import cma_es_source_trials, warm_start_obstacle, warm_trials
from fxai.spec.fields.storage_url import shown
from fxai.spec.reading.transfer_spec import SourceStudy, TransferSpec
from fxai.spec.search.configure import default_params
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.parameters import CategoricalParameter, FloatParameter, IntParameter
from fxai.spec.search.study import StudySpec

LR = FloatParameter(name="training.learning_rate", low=1e-5, high=1e-2, log=True)
EPOCHS = IntParameter(name="training.n_epochs", low=1, high=8)


def spec(name: str, *parameters: Any, **fields: Any) -> StudySpec:
    return StudySpec.model_validate({"study_name": name, "parameters": parameters or (LR, EPOCHS), **fields})


def opened(study: StudySpec, url: str, transfer_spec: TransferSpec | None = None) -> Search:
    return open_search(
        study, url, fingerprint=fingerprint(study), default_params=default_params(study), transfer_spec=transfer_spec
    )


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database with a study of twelve trials, the last one pruned at a report and one before it at none."""
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    with opened(spec("first", n_trials=12), url) as search:
        for number in range(12):
            asked = search.ask()
            assert asked is not None
            if number < 10:
                value = float(asked.params["training.n_epochs"] or 0)
                search.tell(TrialResult(asked.number, TrialState.COMPLETE, 1.0, value=value))
                continue
            if number == 11:
                search.report(Report(asked.number, 5, 1.5))
            search.tell(TrialResult(asked.number, TrialState.PRUNED, 1.0))
    return url


def transfer_spec(url: str) -> TransferSpec:
    source = SourceStudy(study_name="first", storage=url, finished=12, best_trial=0, best_value=8.0)
    return TransferSpec(source=source, modes=("warm",), warm=11)


def test_copied_trials_are_not_counted(url: str) -> None:
    target = spec("next", n_trials=5)
    with opened(target, url, transfer_spec(url)) as search:
        assert search.counts().finished == 0
        assert search.counts().best_trial is None
        first = search.ask()
        assert first is not None
        assert first.number == 0
        assert first.params == default_params(target)
        search.tell(TrialResult(0, TrialState.COMPLETE, 1.0, value=-1.0))
        assert (search.counts().finished, search.counts().best_value) == (1, -1.0)
    stored = load_study(url, "next")
    copies = [trial for trial in stored.trials if attributes.TRANSFERRED in trial.user_attrs]
    assert [trial.state for trial in copies] == [OptunaState.COMPLETE] * 10 + [OptunaState.PRUNED]
    assert copies[-1].intermediate_values == {5: 1.5}
    record = StudyRecord.of(stored)
    assert record.best is not None
    assert record.best.number == 0
    (_, summary) = summaries(url)
    assert (summary.counts.complete, summary.counts.pruned, summary.counts.best_value) == (1, 0, -1.0)


def test_the_sampler_learns_from_them(url: str) -> None:
    """Of ten random points and their values TPE proposes from its second trial on, where it would draw at random."""
    with opened(spec("next"), url, transfer_spec(url)) as warm, opened(spec("cold"), url) as cold:
        assert warm.ask() == cold.ask()
        assert warm.ask() != cold.ask()


def test_resuming_adds_no_second_copy(url: str) -> None:
    for _ in range(2):
        with opened(spec("next"), url, transfer_spec(url)):
            pass
    assert len(load_study(url, "next").trials) == 12  # eleven and trial 0, which waits


@pytest.mark.parametrize(
    "target",
    [
        spec("next", metric_name="sharpe"),
        spec("next", direction="minimize"),
        spec("next", seeds_per_trial=2),
        spec("next", training_config={"env": {"commission_rate": 0.001}}),
        spec("next", training_config={"training": {"total_updates": 7}}),
        spec("next", training_config={"data": {"split": {"train": 0.5}}}),
        spec("next", training_config={"training": {"algorithm": "a2c"}}),
        spec("next", LR, EPOCHS, IntParameter(name="model.n_layers", low=1, high=3)),
        spec("next", sampler={"type": "RandomSampler"}),
        spec("next", sampler={"type": "CmaEsSampler", "use_separable_cma": True}),
    ],
)
def test_an_unsuitable_source_has_a_reason_and_no_copies(url: str, target: StudySpec) -> None:
    assert warm_trials(load_study(url, "first"), target) == []
    assert warm_start_obstacle(load_study(url, "first"), target) is not None


def test_the_obstacle_is_named(url: str) -> None:
    source = load_study(url, "first")
    told = {
        "first and next differ in metric_name": spec("next", metric_name="sharpe"),
        "first and next differ in env.spread, training.total_updates": spec(
            "next", training_config={"env": {"spread": 0.1}, "training": {"total_updates": 7}}
        ),
        "first did not search model.n_layers": spec("next", IntParameter(name="model.n_layers", low=1, high=3)),
        "the sampler RandomSampler uses only trials that it proposed": spec("next", sampler={"type": "RandomSampler"}),
    }
    assert {warm_start_obstacle(source, target): target for target in told.values()} == told
    assert warm_start_obstacle(source, spec("next")) is None


def test_observed_features_may_differ(url: str) -> None:
    features = {"data": {"features": {"volume": False}}}
    assert len(warm_trials(load_study(url, "first"), spec("next", training_config=features))) == 11


def test_what_the_source_searched_besides_is_left_out(url: str) -> None:
    copies = warm_trials(load_study(url, "first"), spec("next", LR))
    assert len(copies) == 11
    assert all(set(trial.params) == {LR.name} for trial in copies)


def test_cma_es_starts_from_them(url: str) -> None:
    """Its first proposals lie around the best of them, where it would else draw from the whole space."""
    sampler = {"type": "CmaEsSampler", "n_startup_trials": 1}
    kinds = CategoricalParameter(name="training.lr_schedule", choices=("constant",))
    with opened(spec("next", LR, EPOCHS, sampler=sampler), url, transfer_spec(url)) as warm:
        asked = [warm.ask() for _ in range(6)]
    epochs: list[Any] = [each.params["training.n_epochs"] for each in asked[1:] if each is not None]
    best = max(load_study(url, "first").get_trials(states=(OptunaState.COMPLETE,)), key=lambda trial: trial.values[0])
    assert min(epochs) > 4 < best.params["training.n_epochs"]
    with_choices = {**best.distributions, kinds.name: CategoricalDistribution(("constant",))}
    mixed = create_trial(value=1.0, params={**best.params, kinds.name: "constant"}, distributions=with_choices)
    assert [set(trial.params) for trial in cma_es_source_trials([mixed])] == [{LR.name, EPOCHS.name}]


def test_a_pruner_compares_with_the_studys_own_trials(url: str) -> None:
    """Twelve good trials of another study would make a median that no trial here reaches."""
    median = {"type": "MedianPruner", "n_startup_trials": 1, "n_warmup_steps": 0}
    source = spec("reporting", n_trials=6)
    with opened(source, url) as search:
        for _ in range(6):
            asked = search.ask()
            assert asked is not None
            search.report(Report(asked.number, 1, 100.0))
            search.tell(TrialResult(asked.number, TrialState.COMPLETE, 1.0, value=100.0))
    from_it = TransferSpec(
        source=transfer_spec(url).source.model_copy(update={"study_name": "reporting"}), modes=("warm",), warm=6
    )
    with opened(spec("next", pruner=median), url, from_it) as search:
        for value, pruned in ((1.0, False), (2.0, False), (0.5, True)):
            asked = search.ask()
            assert asked is not None
            report = Report(asked.number, 1, value)
            search.report(report)
            assert search.should_prune(report) is pruned
            search.tell(TrialResult(asked.number, TrialState.COMPLETE, 1.0, value=value))


def test_no_more_come_than_were_announced(url: str) -> None:
    with opened(spec("next"), url, transfer_spec(url).model_copy(update={"warm": 3})):
        pass
    assert len(load_study(url, "next").trials) == 4


def test_a_source_that_is_gone_is_named_and_the_study_can_still_begin(url: str) -> None:
    gone = TransferSpec(
        source=transfer_spec(url).source.model_copy(update={"study_name": "gone"}), modes=("warm",), warm=3
    )
    with pytest.raises(
        StorageError, match=r"trials of gone, which next uses for its warm start, cannot be read: .*transfer"
    ):
        opened(spec("next"), url, gone)
    with opened(spec("next"), url) as search:
        assert search.ask() is not None


def test_a_password_is_not_written_down() -> None:
    url = "postgresql://me:secret@host/studies"
    assert "secret" not in shown(url)
    source = SourceStudy(study_name="first", storage=shown(url), finished=1, best_trial=0, best_value=0.0)
    assert source_url(source, url) == url
    assert source_url(source, "sqlite:///other.db") == shown(url)


def test_only_points_of_the_new_space_come(url: str) -> None:
    source = load_study(url, "first")
    fewer = warm_trials(source, spec("next", LR, EPOCHS.model_copy(update={"high": 4})))
    assert 0 < len(fewer) < 11
    assert all(trial.params["training.n_epochs"] <= 4 for trial in fewer)
    renamed = LR.model_copy(update={"name": "lr"})
    assert {*warm_trials(source, spec("next", renamed, EPOCHS))[0].params} == {"lr", "training.n_epochs"}
