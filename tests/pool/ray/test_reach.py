"""The checks of a Ray cluster before a run, on real clusters and sockets."""

import platform
import socket
from importlib.metadata import version
from pathlib import Path

import pytest

from fxai.errors import InputError
from fxai.pool.ray import reach
from fxai.pool.ray.reach import answers_without_token, check_cluster, found_address, is_this_machine
from ray_cluster import SmallCluster, open_cluster


def test_a_cluster_answers_with_its_versions_and_nodes(ray_cluster: SmallCluster) -> None:
    facts = check_cluster(ray_cluster.address, unprotected=False)
    assert (facts.ray, facts.python) == (version("ray"), platform.python_version())
    assert [node.resources["CPU"] for node in facts.nodes] == [2.0]


def test_a_cluster_with_tokens_answers_no_one_without_one(
    ray_cluster: SmallCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not answers_without_token(ray_cluster.address)
    monkeypatch.setenv("RAY_AUTH_TOKEN", "f" * 32)
    with pytest.raises(InputError, match="refuses the token of this machine"):
        check_cluster(ray_cluster.address, unprotected=False)


def test_a_cluster_of_other_versions_is_told(ray_cluster: SmallCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "python_version", lambda: "3.99.1")
    with pytest.raises(InputError, match=r"has Ray \S+ and Python 3\.\d+\.\d+, and FxAI runs with .*Python 3\.99\.1"):
        check_cluster(ray_cluster.address, unprotected=False)


def test_an_open_cluster_on_other_machines_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_cluster() as address:
        assert check_cluster(address, unprotected=False).nodes, "this machine's own cluster may be open"
        monkeypatch.setattr(reach, "is_this_machine", lambda _host: False)
        with pytest.raises(InputError, match=r"everyone who reaches it.*RAY_AUTH_MODE=token.*--ray-unprotected"):
            check_cluster(address, unprotected=False)
        assert check_cluster(address, unprotected=True).nodes


def test_an_address_where_nothing_listens_is_refused() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(InputError, match=f"no Ray cluster at {address}.*Connection refused"):
        check_cluster(address, unprotected=False)
    with pytest.raises(InputError, match=r"no Ray cluster at no-such-host\.invalid:6379"):
        check_cluster("no-such-host.invalid:6379", unprotected=False)


def test_what_listens_and_is_not_ray_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "ANSWER_SECONDS", 2.0)
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(InputError, match="no Ray cluster that answers"),
    ):
        check_cluster(f"127.0.0.1:{other.getsockname()[1]}", unprotected=False)


def test_every_address_of_this_machine_is_local() -> None:
    assert is_this_machine("localhost")
    assert is_this_machine("127.0.0.1")
    assert is_this_machine(socket.gethostbyname(socket.gethostname()))
    assert not is_this_machine("192.0.2.77")
    assert not is_this_machine("no-such-host.invalid")


def test_auto_is_the_cluster_of_this_machine(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ray start --address"):
        found_address("auto", {"RAY_TMPDIR": str(tmp_path)})
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "ray_current_cluster").write_text("10.0.0.1:6379\n")
    assert found_address("auto", {"RAY_TMPDIR": str(tmp_path)}) == "10.0.0.1:6379"
    assert found_address("auto", {"RAY_ADDRESS": "head:1"}) == "head:1"
    assert found_address(None, {"RAY_ADDRESS": "head:1"}) == "head:1"
    assert found_address("other:2", {"RAY_ADDRESS": "head:1"}) == "other:2"
    assert found_address(None, {}) is None
