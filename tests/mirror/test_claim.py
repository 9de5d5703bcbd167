"""The claim of a run on a URL."""

import json
import sys

import pytest

from child_process import ChildProcess
from fxai.errors import StudyHeldError
from fxai.mirror import claim
from fxai.mirror.claim import Claim
from fxai.mirror.store import Store


def change(store: Store, **values: object) -> None:
    held = json.loads(store.read(".running.json") or b"")
    store.write(".running.json", json.dumps({**held, **values}).encode())


def test_a_second_run_is_refused_until_the_first_ends(url: str) -> None:
    first = Claim(Store(url))
    with pytest.raises(StudyHeldError, match=f"holds {url}; wait for it to end"):
        Claim(Store(url))
    first.release()
    Claim(Store(url)).release()


def test_a_claim_of_another_machine_lapses(url: str) -> None:
    store = Store(url)
    Claim(store)
    change(store, host="another", pid=1)
    with pytest.raises(StudyHeldError, match="process 1 on another"):
        Claim(store)
    change(store, renewed=0)
    Claim(store)


def test_a_claim_of_a_killed_process_of_this_machine_is_taken(url: str) -> None:
    store = Store(url)
    Claim(store)
    with ChildProcess([sys.executable, "-c", ""]) as ended:
        pass
    change(store, pid=ended.pid)
    Claim(store)


def test_a_run_notices_that_another_has_taken_its_claim(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(url)
    first = Claim(store)
    monkeypatch.setattr(claim, "RENEW_SECONDS", 0)
    first.renew()
    change(store, renewed=0)
    second = Claim(store)
    with pytest.raises(StudyHeldError):
        first.renew()
    first.release()
    second.renew()


def test_a_damaged_claim_is_none(url: str) -> None:
    store = Store(url)
    store.write(".running.json", b"{")
    Claim(store).release()
    assert store.read(".running.json") is None
