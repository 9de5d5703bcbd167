"""Stores for results at a URL: a folder, and an S3 server of the package moto on the loopback interface."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

_BUCKETS = count(1)


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of an S3 server."""
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer  # noqa: PLC0415 - slow to load

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def new_bucket(address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a folder in a new bucket, with the settings of the server in the environment."""
    import fsspec  # noqa: PLC0415 - slow to load

    for name, value in {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    bucket = f"bucket-{next(_BUCKETS)}"
    fsspec.filesystem("s3", skip_instance_cache=True).mkdir(bucket)
    return f"s3://{bucket}/results"


def new_folder(tmp_path: Path) -> str:
    """The URL of a folder that does not exist yet."""
    return (tmp_path / "store").as_uri()
