"""The study of a spec with what its stored study began with, where the spec leaves it open."""

from collections.abc import Mapping
from typing import Any

from fxai.spec.checks.earlier_texts import with_stored_lists
from fxai.spec.search.embargo import with_stored_embargo
from fxai.spec.search.spread_defaults import with_stored_spread
from fxai.spec.search.study import StudySpec


def with_stored_parts(study: StudySpec, begun: Mapping[str, Any]) -> StudySpec:
    """Returns the study with its stored embargo, its stored lists and its stored spread.

    Args:
        study: The study of the spec.
        begun: The fingerprint stored with the study.
    """
    return with_stored_spread(with_stored_embargo(with_stored_lists(study, begun), begun), begun)
