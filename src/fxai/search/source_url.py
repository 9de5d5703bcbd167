"""Where a study lies that another took something over from, written down without a password."""

from fxai.search.database import parse_url
from fxai.spec.overlay import SourceStudy


def shown(url: str) -> str:
    """The URL as files and messages may show it: a password in it is hidden."""
    return parse_url(url).render_as_string(hide_password=True)


def source_url(source: SourceStudy, own_url: str) -> str:
    """The URL that opens the source's database: the study's own, password and all, where the two share one."""
    return own_url if shown(own_url) == source.storage else source.storage
