"""Hash of the data that a study trains on."""

from fxai.spec.search.study import StudySpec
from fxai.study.data_bars import study_bars


def data_hash(study: StudySpec) -> str | None:
    """SHA-256 of the bars. None for a study with an objective of the user whose data are not known here.

    Raises:
        InputError: the data cannot be read or used.
    """
    bars = study_bars(study)
    return None if bars is None else bars.content_hash
