"""The worker that a trial is assigned to."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from drive_workers import lane_request
from fxai.pool.dispatcher import TrialDispatcher, WorkerCapacity
from fxai.pool.running_trials import RunningTrial
from fxai.protocol import TrialRequest

FOLDER = Path("unused")


def trial(number: int, signature: str = "a", cohort: int = 0, seeds: int = 1) -> TrialRequest:
    return lane_request(number, FOLDER, signature=signature, cohort=cohort, seeds=seeds)


def placed(dispatcher: TrialDispatcher, workers: list[list[TrialRequest]], width: int | None) -> None:
    """Place all that can be placed."""
    while (taken := dispatcher.take([WorkerCapacity(requests, width) for requests in workers])) is not None:
        place, running = taken
        workers[place].append(running.request)


def numbers(workers: list[list[TrialRequest]]) -> list[list[int]]:
    return [[request.number for request in requests] for requests in workers]


def place_all(requests: list[TrialRequest], workers: int, width: int | None) -> list[list[int]]:
    dispatcher = TrialDispatcher()
    assigned: list[list[TrialRequest]] = [[] for _ in range(workers)]
    for request in requests:
        dispatcher.add(RunningTrial(request))
    placed(dispatcher, assigned, width)
    return numbers(assigned)


def test_trials_of_one_signature_spread_over_idle_workers():
    assert place_all([trial(number) for number in range(4)], 2, width=4) == [[0, 2], [1, 3]]


def test_a_trial_joins_the_pack_of_its_signature_if_a_new_pack_costs_more():
    requests = [trial(0, "a"), trial(1, "b"), trial(2, "b"), trial(3, "a"), trial(4, "b"), trial(5, "a")]
    assert place_all(requests, 2, width=4) == [[0, 3, 5], [1, 2, 4]]


def test_a_worker_of_unknown_width_takes_one_trial():
    dispatcher = TrialDispatcher()
    assert dispatcher.free([WorkerCapacity(), WorkerCapacity()]) == 2
    assert place_all([trial(number) for number in range(4)], 2, width=None) == [[0], [1]]


def test_starting_workers_count_as_wide_as_the_others():
    dispatcher = TrialDispatcher()
    assert dispatcher.free([WorkerCapacity((trial(0),), 4), WorkerCapacity((trial(1),), None)]) == 6


def test_waiting_trials_count_against_the_free_slots():
    dispatcher = TrialDispatcher()
    workers = [[trial(0)], [trial(1)]]
    dispatcher.add(RunningTrial(trial(2, cohort=1)))
    placed(dispatcher, workers, width=4)
    assert numbers(workers) == [[0], [1]]
    assert dispatcher.free([WorkerCapacity(requests, 4) for requests in workers]) == 2, (
        "one is kept, one has 3 less the trial"
    )


def test_a_closed_worker_takes_no_trial():
    assert TrialDispatcher().free([WorkerCapacity((trial(0),), 8, open=False), WorkerCapacity((trial(1),), 2)]) == 1


@given(
    trials=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 2), st.integers(1, 3), st.integers(0, 30)), max_size=30
    ),
    workers=st.integers(1, 3),
    width=st.integers(1, 6),
)
def test_all_trials_are_placed_within_the_width_and_by_cohort(
    trials: list[tuple[str, int, int, int]], workers: int, width: int
):
    """For any trials, in any order of their ends."""
    dispatcher = TrialDispatcher()
    assigned: list[list[TrialRequest]] = [[] for _ in range(workers)]
    served = 0
    for number, (signature, cohort, seeds, _) in enumerate(trials):
        dispatcher.add(RunningTrial(trial(number, signature, cohort, seeds)))
    for _, _, _, which in trials:
        placed(dispatcher, assigned, width)
        for requests in assigned:
            assert len({request.cohort for request in requests}) <= 1
            assert len(requests) <= 1 or sum(len(request.seeds) for request in requests) <= width
        running = [requests for requests in assigned if requests]
        running[which % len(running)].pop(which % len(running[which % len(running)]))
        served += 1
    assert served == len(trials)
    assert not any(assigned)
