"""The live view on a recorded console: it fits the terminal, agrees with the guide, and no line wraps."""

import io
from collections.abc import Mapping

import pytest
from rich.console import Console

from fxai.cli.live_layout import live_layout
from fxai.cli.study_view import StudyView
from fxai.pool import Activity
from fxai.protocol import ParamValue, Report, TrialResult, TrialState
from fxai.study.events import (
    FreshTrainingsProgressed,
    Heartbeat,
    StudyOpened,
    StudyProgress,
    TrialBegan,
    TrialFinished,
    TrialProgressed,
)

GUIDE_PARAMS = {
    "training.learning_rate": 0.0002341,
    "training.batch_size": 128,
    "model.d_model": 256,
    "env.reward.pnl_coefficient": 142.3,
}


def view(params: Mapping[str, ParamValue] = GUIDE_PARAMS, workers: int = 2) -> StudyView:
    """Trial 15 of the guide's study runs with 37 trials behind it; each took half a minute."""
    progress = StudyProgress(total=50, complete=34, pruned=2, failed=1)
    state = StudyView.of(StudyOpened("fx_ai_quick", "maximize", "mean_reward", workers, progress), 0.0)
    ended = StudyProgress(total=50, complete=35, pruned=2, failed=1, best_trial=12, best_value=15.42)
    activity = tuple(Activity(worker, "cpu", (15,) if worker == 0 else ()) for worker in range(workers))
    for event in (
        TrialFinished(TrialResult(14, TrialState.COMPLETE, 30.0, value=1.0), {}, ended, best=False),
        TrialBegan(15, 0, params),
        TrialProgressed(Report(15, 40, 13.5), pruned=False),
        Heartbeat(activity),
    ):
        state = state.after(event, 60.0)
    return state


def rendered(
    state: StudyView, width: int = 80, height: int = 30, encoding: str = "utf-8", now: float = 72.0
) -> list[str]:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=file, width=width, height=height, force_terminal=True, color_system=None)
    console.print(live_layout(state, now, console.options))
    file.seek(0)
    return [line.rstrip() for line in file.read().splitlines()]


@pytest.mark.parametrize("width", [80, 120])
def test_the_live_view_is_that_of_the_guide(width: int) -> None:
    assert rendered(view(), width) == [
        "fx_ai_quick: maximize mean_reward, 2 workers, 1m 12s",
        "Trial 15",
        "┌─ Trial Configuration ───────────────┐",
        "│ Parameters:                         │",
        "│   training.learning_rate: 0.0002341 │",
        "│   training.batch_size: 128          │",
        "│   model.d_model: 256                │",
        "│   env.reward.pnl_coefficient: 142.3 │",
        "└─────────────────────────────────────┘",
        "worker 0  cpu  trial 15  12s, step 40, mean_reward 13.5",
        "worker 1  cpu  idle",
        "",
        {
            80: "[Progress] ████████████████████░░░░░░░ 76% | 38/50 trials | ETA: 2m 54s",
            120: "[Progress] ██████████████████████████████░░░░░░░░░░ 76% | 38/50 trials | ETA: 2m 54s",
        }[width],
        "           35 complete, 2 pruned, 1 failed, 1 running",
        "",
        "Current best value: 15.42 (trial 12)",
    ]


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("height", [16, 24, 50])
@pytest.mark.parametrize("parameters", [1, 10, 40])
@pytest.mark.parametrize("workers", [1, 16])
def test_it_fits_the_terminal(width: int, height: int, parameters: int, workers: int) -> None:
    params = {f"env.reward.coefficient_with_a_long_name_{index}": index / 7 for index in range(parameters)}
    lines = rendered(view(params, workers), width, height)
    assert max(map(len, lines)) <= width
    assert len(lines) <= height
    assert any(line.startswith("[Progress]") for line in lines)
    assert lines[-1] == "Current best value: 15.42 (trial 12)"


def test_parameters_without_room_share_lines() -> None:
    params = {f"p{index}": index for index in range(24)}
    shown = "\n".join(rendered(view(params), width=80, height=24))
    assert all(f" p{index}: {index} " in shown for index in range(24))


def test_parameters_and_workers_that_do_not_fit_are_counted() -> None:
    params = {f"env.reward.coefficient_with_a_long_name_{index}": index for index in range(40)}
    shown = "\n".join(rendered(view(params, workers=16), width=60, height=24))
    assert "│   ... and 33 more " in shown
    assert "\n... and 13 more" in shown


def test_what_others_wrote_is_neither_markup_nor_a_control_code() -> None:
    lines = rendered(view({"[bold]x": "\x1b[31m[red]y"}))
    assert any("[bold]x:  [31m[red]y" in line for line in lines)
    assert all(line.isprintable() for line in lines)


def test_before_the_first_trial() -> None:
    state = StudyView.of(StudyOpened("s", "minimize", "m", 1, StudyProgress(total=5)), 0.0)
    lines = rendered(state)
    assert lines[0] == "s: minimize m, 1 worker, 1m 12s"
    assert "0% | 0/5 trials | ETA: -" in "\n".join(lines)
    assert lines[-1] == "Current best value: none yet"


def test_a_terminal_without_unicode_gets_ascii() -> None:
    lines = rendered(view(), encoding="ascii")
    assert any(line.startswith("[Progress] ###") for line in lines)


def lanes(trials: int, device: str = "cpu") -> StudyView:
    """The study with so many further trials on worker 0, every third of which has reported, and 15 on worker 1."""
    state = view()
    for number in range(20, 20 + trials):
        state = state.after(TrialBegan(number, 0, {}), 60.0)
        if number % 3 == 0:
            state = state.after(TrialProgressed(Report(number, 5 * (number - 20), number / 7), pruned=False), 60.0)
    activity = (Activity(0, device, tuple(range(20, 20 + trials))), Activity(1, device, (15,), 40))
    return state.after(Heartbeat(activity), 60.0)


def test_a_worker_with_several_trials_counts_and_names_them() -> None:
    lines = rendered(lanes(8, "cuda:0"))
    assert "worker 0  cuda:0  8 trials  steps 5-35, best mean_reward 3.857  20-27" in lines
    assert "worker 1  cuda:0  trial 15  12s, step 40, mean_reward 13.5" in lines


def test_trials_that_have_not_reported_are_only_counted() -> None:
    state = view().after(TrialBegan(16, 0, {}), 60.0).after(Heartbeat((Activity(0, "cpu", (15, 16)),)), 60.0)
    assert "worker 0  cpu  2 trials  step 40, best mean_reward 13.5  15, 16" in rendered(state)
    state = view().after(Heartbeat((Activity(0, "cpu", (17, 18, 20)),)), 60.0)
    assert "worker 0  cpu  3 trials    17, 18, 20" in rendered(state)


@pytest.mark.parametrize("trials", [1, 2, 8, 32, 1024])
@pytest.mark.parametrize("width", [40, 80])
def test_any_line_of_a_worker_fits(trials: int, width: int) -> None:
    state = lanes(trials)
    apart = tuple(range(20, 20 + 2 * trials, 2))  # numbers without a run among them
    for activity in (state.activity, (Activity(0, "cpu", apart), state.activity[1])):
        lines = rendered(state.after(Heartbeat(activity), 60.0), width)
        assert max(map(len, lines)) <= width
        assert len([line for line in lines if line.startswith("worker ")]) == 2


def test_the_best_value_of_several_seeds_has_its_standard_error() -> None:
    progress = StudyProgress(total=50, complete=35, best_trial=12, best_value=0.0034217, standard_error=0.00021345)
    opened = StudyView.of(StudyOpened("s", "maximize", "m", 1, progress), 0.0)
    assert rendered(opened)[-1] == "Current best value: 0.00342 ± 0.00021 (trial 12)"
    assert rendered(opened, encoding="ascii")[-1] == "Current best value: 0.00342 +- 0.00021 (trial 12)"


def test_a_study_with_more_trials_than_it_shall_reach_is_full() -> None:
    state = StudyView.of(StudyOpened("s", "minimize", "m", 1, StudyProgress(total=5, complete=8)), 0.0)
    assert "█ 100% | 8/5 trials" in "\n".join(rendered(state))


def test_shares_read_as_percent() -> None:
    progress = StudyProgress(total=5, complete=1, best_trial=0, best_value=0.0107, standard_error=0.0035)
    state = StudyView.of(StudyOpened("s", "maximize", "total_return", 2, progress, trading=True), 0.0)
    for event in (
        TrialBegan(1, 0, {}),
        TrialProgressed(Report(1, 5, 0.0123), pruned=False),
        TrialBegan(2, 0, {}),
        TrialProgressed(Report(2, 5, 0.0234), pruned=False),
        TrialBegan(3, 0, {}),
        TrialProgressed(Report(3, 5, 0.0345), pruned=False),
        Heartbeat((Activity(0, "cpu", (1,)), Activity(1, "cpu", (2, 3)))),
    ):
        state = state.after(event, 1.0)
    lines = rendered(state)
    assert any("step 5, total_return 1.23 %" in line for line in lines)
    assert any("best total_return 3.45 %" in line for line in lines)
    assert lines[-1] == "Current best value: 1.07 ± 0.35 % (trial 0)"


def test_trainings_after_the_search_have_a_progress_of_their_own() -> None:
    progress = StudyProgress(total=50, complete=48, pruned=2, best_trial=12, best_value=15.42)
    state = StudyView.of(StudyOpened("fx_ai_quick", "maximize", "mean_reward", 1, progress), 0.0)
    for event, now in (
        (FreshTrainingsProgressed("Confirmation", 4, 44), 50.0),
        (FreshTrainingsProgressed("Confirmation", 14.5, 44), 60.0),
        (Heartbeat((Activity(0, "cpu", (3, 12)),)), 60.0),
    ):
        state = state.after(event, now)
    assert rendered(state, now=71.0) == [
        "fx_ai_quick: maximize mean_reward, 1 worker, 1m 11s",
        "Confirmation: trials train again on fresh seeds",
        "worker 0  cpu  2 trials    3, 12",
        "",
        "[Progress] ████████░░░░░░░░░░░░░░░░░░░ 32% | 14/44 trainings | ETA: 59s",
        "           48 complete, 2 pruned, 0 failed",
        "",
        "Best value in the search: 15.42 (trial 12)",
    ]
    verdict = state.after(FreshTrainingsProgressed("Verdict", 0, 16), 80.0)
    assert "0/16 trainings | ETA: -" in "\n".join(rendered(verdict, now=80.0))
