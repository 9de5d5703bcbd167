"""Trials of a study that differ in the quantization of the language model, in the confirmation and the verdict."""

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from fxai.llm.signal_agent import SIGNAL_AGENT, read_signal_agent
from fxai.llm.signal_committee import CommitteeSignals, committee_signals
from fxai.market.scores.bar_returns import read_bar_returns
from fxai.protocol import ParamValue
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord
from fxai.search.attributes import identity_of
from fxai.search.studies import load_study
from fxai.spec.search.study import StudySpec
from fxai.study.committees import Committees, judged_study
from fxai.study.events import StudyEnded, StudyEvent
from fxai.study.judge import judged_committees
from fxai.study.judged_signals import committee_returns
from fxai.study.news_decisions import study_decisions
from fxai.study.run import search_study
from fxai.study.stop_signal import StopSignal
from fxai.study.study_workers import open_workers, worker_slots
from signal_story import signal_settings, write_signal_story
from study_place import ended

pytestmark = [
    pytest.mark.usefixtures("inline_workers"),
    pytest.mark.skipif(find_spec("bitsandbytes") is None, reason="needs bitsandbytes, which the extra llm installs"),
]

QUANTIZED: Mapping[str, ParamValue] = {"model.use_4bit": True, "model.quantization_type": "nf4"}


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, StudySpec]:
    """A confirmed study. Trial 0 has the model as it is, trial 1 in 4 bit."""
    folder = tmp_path_factory.mktemp("quantized")
    write_signal_story(folder)
    kinds = {"type": "categorical", "choices": ["fp4", "nf4"], "when": {"model.use_4bit": True}}
    study = StudySpec.model_validate(
        {
            "study_name": "s",
            "objective": "llm_signal",
            "metric_name": "mean_reward",
            "n_trials": 2,
            "n_jobs": 1,
            "storage": f"sqlite:///{folder}/s.db",
            "confirm": {"candidates": 2, "seeds": 2, "budget": 100},
            "verdict": "off",
            "pruner": {"type": "NopPruner"},
            "parameters": {
                "model.use_4bit": {"type": "categorical", "choices": [True, False]},
                "model.quantization_type": kinds,
            },
            "enqueue": [QUANTIZED],
            "training_config": signal_settings(folder, training={"signal_strength": 10}),
        }
    )

    def watch(events: Iterable[StudyEvent]) -> StudyEnded:
        return ended(list(events))

    search_study(study, folder, watch, StopSignal(), plots=False)
    return folder, study


def signals_of(agent: Path, study: StudySpec, split: str) -> CommitteeSignals:
    prepared = study_decisions(study)
    return committee_signals([agent], prepared.market, prepared.splits.named()[split])


def test_each_candidate_of_a_race_is_scored_with_its_own_model(raced: tuple[Path, StudySpec], tmp_path: Path) -> None:
    folder, study = raced
    confirmed = StudyRecord.of(load_study(study.storage, "s")).confirmed
    assert confirmed is not None
    assert {each.trial: each.seeds for each in confirmed.candidates} == {0: 2, 1: 2}
    for trial in (0, 1):
        files = StudyPaths(folder, "s").confirmed_trial(trial, confirmed.seeds[0])
        config = read_signal_agent(files.checkpoint_dir).config.model
        assert config.use_4bit is (trial == 1)
        found = signals_of(files.checkpoint_dir, study, "validation")
        earned = read_bar_returns(files.returns).returns[0].astype(float)
        np.testing.assert_allclose(committee_returns(found).committee, earned, atol=1e-6)
        shutil.copytree(files.checkpoint_dir, other := tmp_path / str(trial))
        document = json.loads((other / SIGNAL_AGENT).read_text())
        document["config"]["model"]["use_4bit"] = not config.use_4bit
        (other / SIGNAL_AGENT).write_text(json.dumps(document))
        assert (signals_of(other, study, "validation").committee != found.committee).any()


def test_each_committee_of_a_verdict_answers_with_its_own_model(raced: tuple[Path, StudySpec]) -> None:
    folder, study = raced
    stored = load_study(study.storage, "s")
    judged = judged_study(study, StudyRecord.of(stored), identity_of(stored.user_attrs), on_test_split=True)
    judged = replace(judged, winner=1, params={0: {"model.use_4bit": False}, 1: QUANTIZED})
    committees = Committees(judged, StudyPaths(folder, "s"), seeds=2, neighbours=0)
    with open_workers(study, worker_slots(study), folder / "logs") as opened:
        list(committees.train(opened.pool, StopSignal()))
    compared = judged_committees(committees, None).compare()
    for trial, returns in ((1, compared.winner), (0, compared.default)):
        for place, agent in enumerate(committees.agents_of(trial)):
            assert read_signal_agent(agent).config.model.use_4bit is (trial == 1)
            alone = committee_returns(signals_of(agent, study, "test"))
            np.testing.assert_allclose(returns.members[place], alone.committee, atol=1e-12)
    assert not np.array_equal(compared.winner.members, compared.default.members)
