"""Tests the prompts of a study of signals for the use of later news and prices."""

from fxai.market.leaks.findings import LeakReport
from fxai.market.news.decision_leaks import check_decisions
from fxai.market.news.prompts import prompts
from fxai.spec.search.configure import trial_settings
from fxai.spec.search.signal_config import signal_config
from fxai.spec.search.study import StudySpec
from fxai.study.news_decisions import study_decisions


def prompt_leaks(study: StudySpec) -> LeakReport:
    """The test of the prompts of the study's configuration; the signals are functions of the prompts.

    Raises:
        DataError: As `study_decisions`.
    """
    config, market = signal_config(trial_settings(study, {})), study_decisions(study).market
    bars, strength = dict(zip(market.names, market.bars, strict=True)), config.training.signal_strength
    findings = check_decisions(
        bars, market.news, config.decisions, lambda decisions: prompts(decisions, config.decisions, strength)
    )
    return LeakReport(findings=findings, tested=("decisions",))
