"""Where a study lies that another took something over from, written down without a password."""

from fxai.search.database import parse_url
from fxai.spec.fields.storage_url import shown
from fxai.spec.reading.transfer_spec import SourceStudy


def source_url(source: SourceStudy, own_url: str) -> str:
    """The URL that opens the source's database: the study's own, password and all, where the two share one."""
    return own_url if source.storage in _written(own_url) else source.storage


def _written(url: str) -> tuple[str, ...]:
    """As an overlay has it. Earlier versions wrote the user's name."""
    return url, shown(url), parse_url(url).render_as_string(hide_password=True)
