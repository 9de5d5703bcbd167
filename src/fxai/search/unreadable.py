"""What damaged or edited rows of a study database cause, as one message."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from fxai.errors import FxaiError, StorageError
from fxai.spec.fields.storage_url import shown, without_secrets

_LONGEST = 200  # characters of a reason
_OF_SQLALCHEMY = re.compile(r"^\(\w+\.\w+\) ")


@contextmanager
def readable_rows(url: str, study: str | None = None) -> Iterator[None]:
    """Turn every error of reading the rows of a study, or of a whole database, into a `StorageError`.

    A damaged row can hold bad JSON, text where a number belongs, or another type of attribute. Each reader of a row
    fails with an error of its own, so that every exception except an `FxaiError` is turned.
    """
    try:
        yield
    except FxaiError:
        raise
    except Exception as error:
        raise StorageError(_message(url, study, error)) from error


def _message(url: str, study: str | None, error: Exception) -> str:
    place, reason = shown(url), without_secrets(_reason(error), url)
    if study is None:
        return (
            f"cannot read the studies in {place}: {reason}. The database was left as it is; restore it from a copy, "
            "or name another with --storage"
        )
    return (
        f"cannot read the study {study!r} in {place}: {reason}. The database was left as it is; restore it from a "
        "copy. Its other studies can still be used"
    )


def _reason(error: Exception) -> str:
    """One line. Python's own words for a missing key say only the key."""
    text = " ".join(str(getattr(error, "orig", None) or error).split())
    text = _OF_SQLALCHEMY.sub("", text)
    if isinstance(error, KeyError) or not text:
        text = f"{type(error).__name__} {text}".strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
