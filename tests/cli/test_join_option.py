"""`fxai run --join`: what is refused, and the end of a run that lent its workers. The owner is this process."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread

import pytest

from cli.conftest import SMALL_SPEC, Fxai, call_fxai
from database_servers import DatabaseServer
from fxai.search.open_search import open_search
from fxai.search.study_lease import LeaseHolder, LeaseOffice, StudyLease
from fxai.spec.reading.load import load_spec
from fxai.spec.search.configure import default_params
from fxai.spec.search.fingerprint import fingerprint
from fxai.study.data_bars import study_bars
from fxai.study.join.finished_study import FinishedStudy
from fxai.study.load_transfer import load_transfer
from fxai.study.write_results import RunStatus

OWN_HASH = "0" * 64


@pytest.fixture
def url(postgresql: DatabaseServer, folder: Path) -> str:
    (folder / "small.yaml").write_text(SMALL_SPEC)
    return postgresql.url()


@contextmanager
def owned(url: str, other_data: str | None = None, rate: str = "") -> Iterator[StudyLease]:
    """This process owns the study, with other data or another range of the learning rate if they are given."""
    spec = Path("owned.yaml")
    spec.write_text(SMALL_SPEC.replace("low: 1e-4", rate) if rate else SMALL_SPEC)
    study = load_spec(spec).studies[0].model_copy(update={"storage": url})
    study = load_transfer(study, Path("elsewhere")).study
    bars = study_bars(study)
    assert bars is not None
    holder = LeaseHolder("there", 1, "127.0.0.1", 1, "x" * 64, other_data or bars.content_hash)
    with closing(LeaseOffice(url, "small")) as office:
        lease = office.try_take(lambda: holder)
    assert lease is not None
    with (
        closing(lease),
        open_search(
            study, url, fingerprint=fingerprint(study), default_params=default_params(study), renew_lock=lease.renew
        ),
    ):
        yield lease


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--join",), "--join: sqlite:///optuna_studies.db is an SQLite database"),
        (("--join", "--fresh"), "--join: --fresh would archive the study of the other runs"),
        (("--join", "--replay", "decisions.jsonl"), "--join: --replay repeats the decisions"),
        (("--join-address", "192.0.2.7"), "--join-address is of a run with --join"),
        (
            ("--join", "--storage", "postgresql://u@host/db", "--join-address", "a b"),
            "--join-address 'a b' is no address",
        ),
    ],
)
def test_what_cannot_be_joined(fxai: Fxai, folder: Path, arguments: tuple[str, ...], expected: str) -> None:
    (folder / "small.yaml").write_text(SMALL_SPEC)
    finished = fxai("run", "--spec", "small.yaml", *arguments)
    assert finished.code == 2
    assert expected in finished.err
    assert finished.err.count("\n") == 1
    assert [path.name for path in folder.iterdir()] == ["small.yaml"]


def test_another_specification_is_refused_as_on_resume(fxai: Fxai, url: str) -> None:
    with owned(url, rate="low: 1e-5"):
        finished = fxai("run", "--spec", "small.yaml", "--storage", url, "--join")
    assert finished.code == 2
    assert "the study 'small' has another specification" in finished.err
    assert "low" in finished.err


def test_other_data_are_refused(fxai: Fxai, url: str) -> None:
    with owned(url, other_data=OWN_HASH):
        finished = fxai("run", "--spec", "small.yaml", "--storage", url, "--join")
    assert finished.code == 2
    assert "the data of small differ from those of there (process 1), which owns the study" in finished.err
    assert OWN_HASH[:12] in finished.err


@pytest.mark.parametrize(("status", "code"), [(RunStatus.SUCCEEDED, 0), (RunStatus.FAILING, 1)])
def test_a_lender_ends_with_the_study(folder: Path, url: str, status: RunStatus, code: int) -> None:
    with owned(url) as lease:

        def finish() -> None:
            while not list(folder.glob("optuna_results/small/logs/host-*.log")):  # it lends
                time.sleep(0.1)
            end = FinishedStudy(status, "not better", "there", "/results/small", None, verdict_weakened=True)
            lease.finish(end.text)

        finishing = Thread(target=finish)
        finishing.start()
        finished = call_fxai(folder, "run", "--spec", "small.yaml", "--storage", url, "--join")
        finishing.join()
    assert finished.code == code, finished.err
    assert "to there (process 1), which owns the study." in finished.out
    assert "Its files are in /results/small on there." in finished.out
    assert "Study Summary: small" in finished.out
    assert "Verdict: not better; the language model may have read what came next." in " ".join(finished.out.split())
