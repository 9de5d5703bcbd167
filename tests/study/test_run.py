"""The outcome of a run of a study, for the command line and the Python API."""

from dataclasses import replace

import pytest

from fxai.errors import InputError
from fxai.results.summary import StudySummary
from fxai.spec.search.samplers import ImportedSampler
from fxai.study.events import Ending, StudyEnded, StudyProgress
from fxai.study.open_study import check_study
from fxai.study.plain_lines import ended_line
from fxai.study.write_results import RunStatus, StudyOutcome
from study_place import study

SUMMARY = StudySummary("s", "maximize", "value", completed=0, pruned=0, failed=0, running=0)


def ended(ending: Ending, complete: int, reason: str | None = None, before: int = 0) -> StudyEnded:
    return StudyEnded("s", StudyProgress(8, complete=complete), 2.0, reason, ending=ending, finished_before=before)


@pytest.mark.parametrize("ending", Ending)
@pytest.mark.parametrize("complete", [0, 3])
@pytest.mark.parametrize("results_written", [True, False])
def test_a_run_succeeds_with_a_complete_trial_and_its_results(
    ending: Ending, complete: int, *, results_written: bool
) -> None:
    outcome = StudyOutcome(study("parabola"), ended(ending, complete), SUMMARY, (), results_written=results_written)
    by_ending = {Ending.INTERRUPTED: RunStatus.INTERRUPTED, Ending.FAILING: RunStatus.FAILING}
    usable = complete > 0 and results_written
    expected = by_ending.get(ending, RunStatus.SUCCEEDED if usable else RunStatus.INCOMPLETE)
    assert outcome.status is expected


def test_the_last_line_has_time_and_reason() -> None:
    assert ended_line(ended(Ending.REACHED, 8)) == "Study s ended after 2.0s"
    assert ended_line(ended(Ending.TIMEOUT, 3, "the time is up")) == "Study s ended after 2.0s: the time is up"
    assert ended_line(ended(Ending.REACHED, 8, before=8)) == "Study s: nothing to do: 8 of 8 trials are finished"
    assert ended_line(ended(Ending.REACHED, 9, before=9)).endswith(
        "nothing to do: 9 trials are finished, n_trials is 8"
    )
    again = replace(ended(Ending.REACHED, 8, before=8), trained_again=True)
    assert ended_line(again) == "Study s ended after 2.0s"
    stopped = ended(Ending.INTERRUPTED, 8, "interrupted during the confirmation", before=8)
    assert ended_line(stopped) == "Study s ended after 2.0s: interrupted during the confirmation"


def test_a_sampler_that_cannot_be_imported_is_found_before_the_run() -> None:
    with pytest.raises(InputError, match="no_such_module"):
        check_study(study("parabola", sampler=ImportedSampler(type="no_such_module.Sampler")))
