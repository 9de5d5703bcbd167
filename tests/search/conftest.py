"""Opening the small study of these tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fxai.protocol import JsonObject
from fxai.search.open_search import open_search
from fxai.search.study import Search
from fxai.spec.search.study import StudySpec
from small_study import DEFAULTS, FINGERPRINT, PARAMETERS, Opener


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'studies.db'}"


@pytest.fixture
def open_study() -> Iterator[Opener]:
    """Opens a study; closes all that it opened."""
    opened: list[Search] = []

    def open_one(url: str, *, fresh: bool = False, fingerprint: JsonObject = FINGERPRINT, **changes: Any) -> Search:
        spec = StudySpec.model_validate({"study_name": "small", "parameters": PARAMETERS, "n_trials": 12, **changes})
        opened.append(open_search(spec, url, fingerprint=fingerprint, default_params=DEFAULTS, fresh=fresh))
        return opened[-1]

    yield open_one
    for search in opened:
        search.close()
