"""The bounded log of trials and workers."""

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.bounded_log import BoundedLog

LIMIT = 1000


@given(chunks=st.lists(st.integers(min_value=0, max_value=1500).map(lambda size: b"%d;" % size * size), max_size=12))
def test_a_log_never_exceeds_its_limit_and_keeps_beginning_and_end(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]
):
    path = tmp_path_factory.mktemp("log") / "trial.log"
    with closing(BoundedLog(path, LIMIT)) as log:
        for chunk in chunks:
            log.write(chunk)
            assert path.stat().st_size <= LIMIT
    written, kept = b"".join(chunks), path.read_bytes()
    if len(written) <= LIMIT:
        assert kept == written
    else:
        assert kept[: LIMIT // 4] == written[: LIMIT // 4]
        assert kept[-LIMIT // 4 :] == written[-LIMIT // 4 :]
        assert b"output left out" in kept


def test_a_reopened_log_is_continued(tmp_path: Path):
    path = tmp_path / "folder" / "trial.log"
    for attempt in range(3):
        with closing(BoundedLog(path, LIMIT)) as log:
            log.write(b"attempt %d\n" % attempt * 30)
    kept = path.read_bytes()
    assert len(kept) <= LIMIT
    assert kept.startswith(b"attempt 0\n")
    assert kept.endswith(b"attempt 2\n")
