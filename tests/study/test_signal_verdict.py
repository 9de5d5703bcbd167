"""The confirmation and the verdict of a study of signals, on planted news."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.conftest import call_fxai
from fxai.evaluation.verdict_word import CAUTION, VerdictWord
from fxai.llm.signal_agent import read_signal_agent
from fxai.llm.signal_committee import committee_signals
from fxai.market.news.signal_scores import score_signals
from fxai.market.scores.bar_returns import read_bar_returns
from fxai.market.scores.track_record import read_track_record
from fxai.results.best_verdict import BestVerdict
from fxai.results.paths import StudyPaths
from fxai.results.report.write import write_report
from fxai.results.study_verdict import StudyVerdict, read_study_verdict
from fxai.search.studies import load_study
from fxai.search.study_traits import StudyTraits
from fxai.spec.search.configure import trial_settings
from fxai.spec.search.confirmation import Confirmation
from fxai.spec.search.study import StudySpec
from fxai.spec.search.training_length import training_length
from fxai.study.events import Ending, FreshTrainingsProgressed, StudyEnded, StudyEvent
from fxai.study.news_decisions import study_decisions
from fxai.study.run import search_study
from fxai.study.stop_signal import StopSignal
from fxai.study.write_results import RunStatus, StudyOutcome
from signal_story import signal_settings, write_signal_story

DAYS = 240

pytestmark = [
    pytest.mark.usefixtures("inline_workers"),
    pytest.mark.timeout(600),  # the studies train 15 and 8 adapters until they have learnt the words
]


def spec(story: Path, folder: Path, **changes: Any) -> StudySpec:
    training = {"max_train_steps": 30, "eval_frequency": 15, "learning_rate": 1e-5}
    data = {"source": str(story / "prices.csv"), "instruments": "all", "split": {"train": 0.4, "validation": 0.25}}
    return StudySpec.model_validate(
        {
            "study_name": "s",
            "objective": "llm_signal",
            "metric_name": "mean_reward",
            "n_trials": 2,
            "n_jobs": 1,
            "resources": {"lanes_per_worker": 9},
            "storage": f"sqlite:///{folder}/s.db",
            "confirm": {"candidates": 2, "seeds": 2, "budget": 2},
            "verdict": {"seeds": 3, "neighbours": 1},
            "parameters": {"training.learning_rate": {"type": "float_log", "low": 1e-5, "high": 2e-2}},
            "enqueue": [{"training.learning_rate": 0.01}],
            "training_config": signal_settings(story, training=training, data=data),
            **changes,
        }
    )


def run(study: StudySpec, folder: Path, *, stop_in_confirmation: bool = False) -> StudyOutcome:
    """Run the study; on request it is asked to stop at the first report of the confirmation's trainings."""
    signal = StopSignal()

    def watch(events: Iterable[StudyEvent]) -> StudyEnded:
        last: StudyEvent | None = None
        for event in events:
            last = event
            if stop_in_confirmation and isinstance(event, FreshTrainingsProgressed) and event.done:
                signal.request()
        assert isinstance(last, StudyEnded)
        return last

    return search_study(study, folder, watch, signal, plots=False)


def verdict_in(folder: Path) -> StudyVerdict:
    found = read_study_verdict(StudyPaths(folder, "s").verdict)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signals")
    write_signal_story(folder, days=DAYS)
    return folder


@pytest.fixture(scope="module")
def judged(story: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, StudySpec, StudyOutcome]:
    """A study that is interrupted during its confirmation, and run again."""
    folder = tmp_path_factory.mktemp("judged")
    study = spec(story, folder)
    stopped = run(study, folder, stop_in_confirmation=True)
    assert stopped.ended.ending is Ending.INTERRUPTED
    assert stopped.summary.confirmed is None
    return folder, study, run(study, folder)


def test_the_confirmation_is_continued_and_has_the_error_of_the_market(
    judged: tuple[Path, StudySpec, StudyOutcome],
) -> None:
    folder, _, outcome = judged
    found = outcome.summary.confirmed
    assert outcome.status is RunStatus.SUCCEEDED
    assert found is not None
    assert found.market_error is not None
    assert 0 in {each.trial for each in found.candidates}
    assert outcome.summary.best_trial == found.trial
    paths = StudyPaths(folder, "s")
    assert not {trial["seed"] for trial in json.loads(paths.results.read_text())["trials"]} & set(found.seeds)
    for seed in found.seeds:
        earned = read_bar_returns(paths.confirmed_trial(found.trial, seed).returns)
        assert earned.seeds == (seed,)


def test_the_verdict_is_of_committees_on_the_test_split(judged: tuple[Path, StudySpec, StudyOutcome]) -> None:
    folder, study, outcome = judged
    found, prepared = verdict_in(folder), study_decisions(study)
    assert (found.trial, found.split) == (outcome.summary.best_trial, "test")
    assert found.verdict.bars == len(prepared.splits.test) - 1
    assert len(found.seeds) == 3
    assert found.verdict.baselines is not None
    assert found.verdict.baselines.random is not None
    assert found.neighbourhood is not None
    assert StudyTraits.of(load_study(study.storage, "s")).may_be_judged
    agent = StudyPaths(folder, "s").signal_agent
    assert agent in outcome.files
    assert read_signal_agent(agent).seeds == found.seeds
    signals = committee_signals([agent], prepared.market, prepared.splits.test)
    score = score_signals(signals.decisions, signals.committee, signals.span, signals.rules)
    assert np.prod(1 + score.returns) - 1 == pytest.approx(found.verdict.agent.total_return, abs=1e-12)


def test_the_race_is_paid_by_prompts_that_were_trained_on(judged: tuple[Path, StudySpec, StudyOutcome]) -> None:
    """Mini-batches have prompts of one length, so a training has fewer prompts than steps times their largest size."""
    folder, study, outcome = judged
    trials = json.loads(StudyPaths(folder, "s").results.read_text())["trials"]
    searched = sum(trial["env_steps"] for trial in trials)
    most = training_length("llm_signal", trial_settings(study, {})).cost
    assert isinstance(study.confirm, Confirmation)
    assert 4 * most > study.confirm.budget * searched  # of two seeds of both trials
    assert outcome.summary.confirmed is not None


def test_each_instrument_has_its_part_of_the_verdict(judged: tuple[Path, StudySpec, StudyOutcome]) -> None:
    """The instruments have common dates, so that their parts add up to the portfolio."""
    found = verdict_in(judged[0])
    assert [each.name for each in found.instruments] == ["AAA", "BBB"]
    assert found.verdict.to_default is not None
    parts = sum(each.agent.mean_return for each in found.instruments)
    assert parts == pytest.approx(found.verdict.to_flat.value, abs=1e-12)
    parts = sum(each.to_default for each in found.instruments)
    assert parts == pytest.approx(found.verdict.to_default.value, abs=1e-12)
    assert all(each.agent.total_return > 0 for each in found.instruments)


def test_the_report_has_the_trading_of_the_agent_and_each_instrument(
    judged: tuple[Path, StudySpec, StudyOutcome],
) -> None:
    folder, study, outcome = judged
    paths = StudyPaths(folder, "s")
    assert paths.track_record in outcome.files
    record = read_track_record(paths.track_record)
    page = write_report(load_study(study.storage, "s"), paths).read_text()
    for text in ("Trading of the best agent", "Adds to the portfolio", "What each instrument adds to the portfolio"):
        assert text in page
    assert f"{record.metrics['trades']:,.0f} closed trades" in page


def test_an_agent_scores_on_validation_what_its_training_reported(
    judged: tuple[Path, StudySpec, StudyOutcome],
) -> None:
    folder, study, outcome = judged
    prepared, paths = study_decisions(study), StudyPaths(folder, "s")
    assert outcome.summary.confirmed is not None
    files = paths.confirmed_trial(outcome.summary.confirmed.trial, outcome.summary.confirmed.seeds[0])
    signals = committee_signals([files.checkpoint_dir], prepared.market, prepared.splits.validation)
    score = score_signals(signals.decisions, signals.committee, signals.span, signals.rules)
    assert score.returns == pytest.approx(read_bar_returns(files.returns).returns[0].astype(float), abs=1e-6)
    assert (signals.committee == signals.members[0]).all()


def test_a_model_without_a_date_of_its_knowledge_weakens_the_verdict(
    judged: tuple[Path, StudySpec, StudyOutcome],
) -> None:
    folder, study, outcome = judged
    sentences = verdict_in(folder).sentences()
    assert sum("may have read what came next" in line for line in sentences) == 1
    known = BestVerdict.of("s", StudyTraits.of(load_study(study.storage, "s")), outcome.summary.best_trial, folder)
    assert known.headline.endswith(CAUTION)
    best = json.loads(StudyPaths(folder, "s").best_params.read_text())
    assert best["verdict"]["caution"] == CAUTION


def test_a_required_verdict_passes_with_its_caution(judged: tuple[Path, StudySpec, StudyOutcome]) -> None:
    """The study is finished, so the run judges the committees again, which is no further look."""
    folder, study, _ = judged
    places = ("--storage", study.storage, "--results-dir", ".")
    plain = ("--set", "save_study_plots=false", "--quiet")
    done = call_fxai(folder, "run", str(StudyPaths(folder, "s").spec), *places, "--require", "better", *plain)
    assert done.code == 0, done.err
    assert f"--require better: the verdict is better, but {CAUTION}: s" in done.err


def test_planted_news_is_better_and_shuffled_news_is_not(
    judged: tuple[Path, StudySpec, StudyOutcome], tmp_path: Path
) -> None:
    assert verdict_in(judged[0]).verdict.word is VerdictWord.BETTER
    write_signal_story(tmp_path, days=DAYS, shuffled=True)
    run(spec(tmp_path, tmp_path, confirm="off", verdict={"seeds": 3, "neighbours": 0}), tmp_path)
    assert verdict_in(tmp_path).verdict.word is not VerdictWord.BETTER
