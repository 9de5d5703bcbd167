"""Checks the URL of a study database and hides the secrets in it."""

import re
from urllib.parse import unquote

from fxai.spec.fields.environment import expanded_url

HIDDEN = "***"
_ADDRESS = re.compile(r"(?P<scheme>[\w+.-]*:(?://)?)?(?P<rest>.*)", re.DOTALL)
_SERVER = re.compile(r"(?!sqlite\b)[\w+.-]+://(?!/)", re.IGNORECASE)
_SQLITE = re.compile(r"sqlite(?:\+\w+)?:", re.IGNORECASE)
_SECRET = re.compile(r"([?&][^=&]*(?:pass|pwd|secret|token|key)[^=&]*=)[^&]*", re.IGNORECASE)
_NO_PORT = re.compile(r"[^/?\[]*:(?!\d*(?:[/?]|$))")
_FROM_ENVIRONMENT = re.compile(r"[^:@/]*:(?:\$\{\w+\})+")
HOW_TO_ENCODE = (
    "percent-encode special characters of the user and the password: @ as %40, : as %3A, / as %2F, ? as %3F, "
    "# as %23, % as %25"
)


def shown(url: str) -> str:
    """Returns the URL with its secrets replaced by `***`, for files and messages.

    The text between the scheme and the last `@` is hidden, since a password may contain any character, unless the
    password is a reference to an environment variable. Passwords in the query string are hidden too.
    """
    match = _ADDRESS.fullmatch(url)
    scheme, rest = (match["scheme"] or "", match["rest"]) if match else ("", url)
    if scheme.lower().startswith("sqlite:") and rest.startswith("/"):
        return url  # a path, which may contain an @
    user, at, place = rest.rpartition("@")
    if not at and _SERVER.match(url) and _NO_PORT.match(rest):
        return f"{scheme}{HIDDEN}"  # may contain a password without the @ after it
    if at and not _FROM_ENVIRONMENT.fullmatch(user):
        user = HIDDEN
    return scheme + user + at + _SECRET.sub(rf"\1{HIDDEN}", place)


def redact_secrets(text: str, url: str) -> str:
    """Returns another program's message about a URL with the user and the password of the URL replaced by `***`."""
    text = text.replace(url, shown(url))
    match = _ADDRESS.fullmatch(url)
    user, at, _ = (match["rest"] if match else "").rpartition("@")
    if not at or not _SERVER.match(url):
        return text
    password = user.partition(":")[2]
    for secret in (user, unquote(user), password, unquote(password)):
        text = text.replace(secret, HIDDEN) if secret else text
    return text


def is_sqlite(url: str) -> bool:
    """Whether a URL is of an SQLite database, known without SQLAlchemy, which takes 0.4 s to load.

    Raises:
        InputError: A variable in the URL is not set.
    """
    return _SQLITE.match(expanded_url(url)) is not None


def check_storage_url(url: str) -> str:
    """Returns the URL. Raises `ValueError`, whose message does not quote the URL, if it has more than one `@`."""
    place = url.partition("://")[2]
    if _SERVER.match(url) and place.count("@") > 1:
        raise ValueError(f"has more than one @, so the end of the password is unclear; {HOW_TO_ENCODE}")
    return url
