"""The address of a study database, shown without what is secret in it."""

import re
from urllib.parse import unquote

HIDDEN = "***"
_ADDRESS = re.compile(r"(?P<scheme>[\w+.-]*:(?://)?)?(?P<rest>.*)", re.DOTALL)
_SERVER = re.compile(r"(?!sqlite\b)[\w+.-]+://(?!/)", re.IGNORECASE)
_SECRET = re.compile(r"([?&][^=&]*(?:pass|pwd|secret|token|key)[^=&]*=)[^&]*", re.IGNORECASE)
_NO_PORT = re.compile(r"[^/?\[]*:(?!\d*(?:[/?]|$))")
_FROM_ENVIRONMENT = re.compile(r"[^:@/]*:(?:\$\{\w+\})+")
HOW_TO_ENCODE = (
    "where a user or a password holds @ : / ? # or %, percent-encode them: @ as %40, : as %3A, / as %2F, ? as %3F, "
    "# as %23, % as %25"
)


def shown(url: str) -> str:
    """The URL as files and messages may show it.

    All between the scheme and the last `@` is hidden, since a password may hold any character, unless the password
    is the name of an environment variable. So are passwords among the options behind the `?`.
    """
    match = _ADDRESS.fullmatch(url)
    scheme, rest = (match["scheme"] or "", match["rest"]) if match else ("", url)
    if scheme.lower().startswith("sqlite:") and rest.startswith("/"):
        return url  # a path, which may hold an @
    user, at, place = rest.rpartition("@")
    if not at and _SERVER.match(url) and _NO_PORT.match(rest):
        return f"{scheme}{HIDDEN}"  # perhaps a password whose @ was left out
    if at and not _FROM_ENVIRONMENT.fullmatch(user):
        user = HIDDEN
    return scheme + user + at + _SECRET.sub(rf"\1{HIDDEN}", place)


def without_secrets(text: str, url: str) -> str:
    """Another program's message about a URL, with no part of the URL's user and password in it."""
    text = text.replace(url, shown(url))
    match = _ADDRESS.fullmatch(url)
    user, at, _ = (match["rest"] if match else "").rpartition("@")
    if not at or not _SERVER.match(url):
        return text
    password = user.partition(":")[2]
    for secret in (user, unquote(user), password, unquote(password)):
        text = text.replace(secret, HIDDEN) if secret else text
    return text


def check_storage_url(url: str) -> str:
    """The URL. A `ValueError`, which repeats nothing of the URL, where the end of the password cannot be told."""
    place = url.partition("://")[2]
    if _SERVER.match(url) and place.count("@") > 1:
        raise ValueError(f"has more than one @, so that the end of the password cannot be told; {HOW_TO_ENCODE}")
    return url
