"""Turns errors caused by damaged or edited rows of a study database into one message."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from fxai.errors import FxaiError, StorageError
from fxai.spec.fields.storage_url import redact_secrets, shown

_LONGEST = 200  # characters of a reason
_OF_SQLALCHEMY = re.compile(r"^\(\w+\.\w+\) ")


@contextmanager
def readable_rows(url: str, study: str | None = None) -> Iterator[None]:
    """Turn every error of reading rows of a study, or of a whole database, into a `StorageError`.

    A damaged row may have invalid JSON, text in place of a number, or an attribute of another type. Each causes another
    exception, so all exceptions except `FxaiError` are turned.
    """
    try:
        yield
    except FxaiError:
        raise
    except Exception as error:
        raise StorageError(_message(url, study, error)) from error


def _message(url: str, study: str | None, error: Exception) -> str:
    place, reason = shown(url), redact_secrets(_reason(error), url)
    if study is None:
        return (
            f"cannot read the studies in {place}: {reason}. The database was not changed; restore it from a backup, "
            "or name another database with --storage"
        )
    return (
        f"cannot read the study {study!r} in {place}: {reason}. The database was not changed; restore it from a "
        "backup. Its other studies can still be used"
    )


def _reason(error: Exception) -> str:
    """The error in one line. The message of a KeyError is only the key, so the type is added."""
    text = " ".join(str(getattr(error, "orig", None) or error).split())
    text = _OF_SQLALCHEMY.sub("", text)
    if isinstance(error, KeyError) or not text:
        text = f"{type(error).__name__} {text}".strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
