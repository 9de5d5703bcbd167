"""URL of the database of a transfer's source study, stored without a password."""

from fxai.search.database import parse_url
from fxai.spec.fields.storage_url import shown
from fxai.spec.reading.transfer_spec import SourceStudy


def source_url(source: SourceStudy, own_url: str) -> str:
    """URL of the source's database. If it is the study's own database, the study's URL with its password."""
    return own_url if source.storage in _spellings(own_url) else source.storage


def _spellings(url: str) -> tuple[str, ...]:
    """Spellings of the URL in stored transfers; earlier versions wrote the user name."""
    return url, shown(url), parse_url(url).render_as_string(hide_password=True)
