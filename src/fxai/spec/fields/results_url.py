"""Results folders that are URLs of fsspec, such as `s3://bucket/path`."""

import re
from pathlib import Path

from fxai.spec.fields.environment import check_path, expanded_url
from fxai.spec.fields.storage_url import shown

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+(?:::[A-Za-z0-9+.-]+)*):/{1,3}(?P<place>[^/].*)")
_LOCAL = {"file", "local"}
_OF_ONE_PROCESS = {"memory", "data"}
_READ_ONLY = {"http", "https", "github", "gist", "git", "zip", "tar", "libarchive", "reference", "jlab", "jupyter"}


def results_url(text: str | Path) -> str | None:
    """The URL, if the results are at a URL; None for a folder.

    A `Path` of a URL has lost slashes, which are added again.
    """
    found = _URL.fullmatch(str(text))
    if found is None:
        return None
    scheme = found["scheme"].lower()
    return f"{scheme}:///{found['place']}" if scheme in _LOCAL else f"{scheme}://{found['place']}"


def check_results_dir(text: str) -> str:
    """Returns the unexpanded folder or URL.

    Raises:
        ValueError: A variable is not set, or results cannot be kept at the URL.
    """
    check_path(text)
    url = results_url(text)
    if url is None:
        return text
    scheme = url.partition(":/")[0]
    if "::" in text:
        raise ValueError("names one file system inside another; write the URL of one, such as s3://bucket/path")
    if scheme in _OF_ONE_PROCESS:
        raise ValueError(f"{scheme}:// keeps files in the memory of one process, where no other command finds them")
    if scheme in _READ_ONLY:
        raise ValueError(f"{scheme}:// cannot be written; write a store such as s3://bucket/path, or a folder")
    if "@" in text and shown(expanded_url(url)) != expanded_url(url):
        raise ValueError(
            "contains a user or a password, which every file and command would show; give it to fsspec by its "
            "configuration, for example as the environment variables FSSPEC_FTP_USERNAME and FSSPEC_FTP_PASSWORD"
        )
    return text
