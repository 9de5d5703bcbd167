"""The mirror of a run: claims and updates the working folder when the run begins, uploads while it runs and after."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from fxai.errors import FxaiError, StudyHeldError
from fxai.mirror.background import BackgroundMirror
from fxai.mirror.claim import Claim
from fxai.mirror.location import storage_in, url_of
from fxai.mirror.pull import Depth, locked, pull
from fxai.mirror.push import push
from fxai.mirror.store import Store
from fxai.mirror.units import BESIDE, MirroredUnit
from fxai.search.database import is_server


class RunMirror:
    """The mirror of one run, which has brought the working folder up to date."""

    def __init__(self, background: BackgroundMirror, notices: Sequence[str]) -> None:
        self.notices = tuple(notices)  # warnings about the beginning
        self._background = background
        self._is_ended = False

    def messages(self) -> Sequence[str]:
        """Warnings since the last call."""
        return self._background.messages()

    def abandon(self) -> None:
        """Upload nothing more, since another run has taken the study over."""
        self._is_ended = True
        self._background.abandon()

    def end(self, is_urgent: Callable[[], bool]) -> str | None:
        """Upload all that is left; as `BackgroundMirror.end`. A second call does nothing."""
        if self._is_ended:
            return None
        self._is_ended = True
        return self._background.end(is_urgent)


@contextmanager
def mirrored_run(
    results_dir: Path, study: str, storage: str, is_urgent: Callable[[], bool]
) -> Iterator[RunMirror | None]:
    """Mirror a study in a working folder during a block; None for a folder that is not the copy of a URL.

    The caller holds the study's lock.

    Args:
        results_dir: The folder of results.
        study: Name of the study.
        storage: Its database. A database in the folder is claimed and mirrored too.
        is_urgent: Whether the run has to end at once.

    Raises:
        StudyHeldError: A run on another machine has claimed the URL.
        StoreError: The store cannot be used.
    """
    url = url_of(results_dir)
    if url is None:
        yield None
        return
    store = Store(url)
    with ExitStack() as stack:
        claim = Claim(store) if storage == storage_in(results_dir) else None
        stack.callback(lambda: None if claim is None else _quietly(claim.release))
        both = (MirroredUnit(results_dir, BESIDE), MirroredUnit(results_dir, study))
        units = [unit for unit in both if stack.enter_context(locked(unit))]
        kept = [path for unit in units for path in pull(unit, store, Depth.ALL)]
        for unit in units:
            unit.sign(store)

        def upload(everything: bool, uploaded: Callable[[], None]) -> None:  # noqa: FBT001 - of one caller
            push(units, store, everything=everything, uploaded=uploaded)

        renew = _nothing if claim is None else claim.renew
        background = BackgroundMirror(upload, renew, url, str(results_dir))
        mirror = RunMirror(background, [*_kept(kept, url), *_elsewhere(storage, claim, url)])
        try:
            yield mirror
        except StudyHeldError:
            mirror.abandon()
            raise
        except KeyboardInterrupt:
            mirror.end(lambda: True)
            raise
        finally:
            mirror.end(is_urgent)


def _nothing() -> None:
    """For a run without a claim."""


def _quietly(release: Callable[[], None]) -> None:
    with suppress(FxaiError):  # it lapses
        release()


def _kept(kept: Sequence[Path], url: str) -> Iterator[str]:
    if kept:
        yield (
            f"another machine has changed {len(kept)} files of {url} that were changed here and not uploaded. This run "
            f"continues from the files at the URL; those of this machine are kept as {kept[0]}"
            + (f" and {len(kept) - 1} others beside their new versions" if len(kept) > 1 else "")
        )


def _elsewhere(storage: str, claim: Claim | None, url: str) -> Iterator[str]:
    if claim is None and not is_server(storage):
        yield (
            f"the database {storage} is on this machine, and only the files are uploaded to {url}; leave storage out, "
            "or name a database server, to continue the study on another machine"
        )
