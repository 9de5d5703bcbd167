"""A folder of a store that fsspec reads and writes: an object store, a network file system, or a local folder."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fxai import atomic_write
from fxai.errors import FxaiError, InputError
from fxai.spec.fields.environment import expanded_url

FIRST_SECONDS = 10.0
"""How long the first request to a store may take."""
_OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oci", "oss", "tos", "hf"}
"""A file of these appears as a whole when its upload ends."""
_VERSIONS = ("ETag", "etag", "md5Hash", "content_md5", "md5", "checksum")
_TIMES = ("mtime", "LastModified", "last_modified", "modify", "modified", "updated", "created", "ino")


class StoreError(FxaiError):
    """The store cannot be reached, or refuses a file."""


class Store:
    """The files below a URL, by their paths relative to the URL.

    Raises:
        InputError: No file system of that name is known, or its package is not installed.
    """

    def __init__(self, url: str) -> None:
        import fsspec  # noqa: PLC0415 - slow to load, and most results are in a folder

        self.url = url
        address = expanded_url(url)
        self._protocol = address.partition("://")[0]
        if self._protocol not in fsspec.available_protocols():
            raise InputError(f"{url}: no file system is known as {self._protocol}; write for example s3://bucket/path")
        options: dict[str, Any] = {"auto_mkdir": True} if self._is_local else {}
        try:
            self._files, root = fsspec.core.url_to_fs(
                address, skip_instance_cache=True, use_listings_cache=False, **options
            )
        except ImportError as error:
            raise InputError(f"{url}: {str(error).rstrip('.')}, with pip install") from None
        except Exception as error:  # each file system has errors of its own
            raise InputError(f"{url} is not a URL of its file system: {_reason(error)}") from error
        self._root = str(root).rstrip("/")

    @property
    def _is_local(self) -> bool:
        return self._protocol in {"file", "local"}

    def check(self) -> None:
        """Check that the store answers.

        Packages of stores repeat a request for minutes, so the first one has a limit of its own.

        Raises:
            StoreError: The store does not answer within `FIRST_SECONDS`, or refuses the user.
        """
        faults: list[StoreError] = []

        def ask() -> None:
            try:
                self.read(".writer")
            except StoreError as error:
                faults.append(error)

        asking = threading.Thread(target=ask, name="first request", daemon=True)
        asking.start()
        asking.join(FIRST_SECONDS)
        if asking.is_alive():
            raise StoreError(
                f"cannot use {self.url}: no answer for {FIRST_SECONDS:g} seconds; check the address and the network"
            )
        for fault in faults:
            raise fault

    def folders(self) -> list[str]:
        """Names of the folders directly below the URL."""
        with self._answering(), suppress(FileNotFoundError):
            found = self._files.ls(self._root, detail=True)
            return sorted(self._relative(each["name"]) for each in found if each["type"] == "directory")
        return []

    def files(self, folder: str = "", *, deep: bool = True) -> Mapping[str, str]:
        """A text for each file below a folder, directly or also deeper, that differs when the content does."""
        place = f"{self._root}/{folder}" if folder else self._root
        with self._answering(), suppress(FileNotFoundError, NotADirectoryError):
            if deep:
                found = self._files.find(place, detail=True).values()
            else:
                found = [each for each in self._files.ls(place, detail=True) if each["type"] == "file"]
            return {self._relative(each["name"]): _version(each) for each in found}
        return {}

    def upload(self, path: Path, name: str) -> str:
        """Write a file whole. Returns its text as of `files`. Raises `FileNotFoundError` if `path` is missing."""
        target = f"{self._root}/{name}"
        with path.open("rb"):
            pass
        with self._answering():
            if self._is_local:
                atomic_write.copy(path, Path(target))
            elif self._protocol in _OBJECT_STORES:
                self._files.put_file(str(path), target)
            else:
                folder, _, last = target.rpartition("/")
                self._files.makedirs(folder, exist_ok=True)
                self._files.put_file(str(path), f"{folder}/.{last}.upload")
                self._files.mv(f"{folder}/.{last}.upload", target)
            return _version(self._files.info(target))

    def download(self, name: str, path: Path) -> None:
        """Write a file of the store to a path, in a folder that exists. Raises `FileNotFoundError` if it is gone."""
        with self._answering():
            self._files.get_file(f"{self._root}/{name}", str(path))

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; files that are missing already are no error."""
        for name in names:
            with self._answering(), suppress(FileNotFoundError):
                self._files.rm_file(f"{self._root}/{name}")

    def read(self, name: str) -> bytes | None:
        """The content of a small file; None if it is missing."""
        with self._answering(), suppress(FileNotFoundError):
            return bytes(self._files.cat_file(f"{self._root}/{name}"))
        return None

    def write(self, name: str, content: bytes) -> None:
        """Write a small file."""
        target = f"{self._root}/{name}"
        with self._answering():
            if self._is_local:
                atomic_write.write_bytes(Path(target), content)
                return
            if self._protocol not in _OBJECT_STORES:
                self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(target, content)

    def _relative(self, name: str) -> str:
        return name.rstrip("/").removeprefix(self._root).lstrip("/")

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except Exception as error:
            raise StoreError(f"cannot use {self.url}: {_reason(error)}") from error


def _version(info: Mapping[str, Any]) -> str:
    for key in _VERSIONS:
        if info.get(key):
            return str(info[key])
    return " ".join(str(info[key]) for key in ("size", *_TIMES) if info.get(key) is not None)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(" .") or type(error).__name__
