"""Where a study's workers run: on this machine, or on the nodes of a Ray cluster."""

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, Field, JsonValue

from fxai.spec.fields.record import Record

Engine: TypeAlias = Literal["local", "ray"]
LOCAL: Final = "local"
RAY: Final = "ray"
LOOPBACK = "127.0.0.1"
AUTO = "auto"
_CLIENT = "ray://"


def _ray_address(address: str) -> str:
    """Checks the form of the address of a Ray cluster: `auto`, or a host and a port."""
    if address.startswith(_CLIENT):
        raise ValueError(
            f"{address!r} is an address of Ray's client server; give that of the cluster's head, such as host:6379"
        )
    host, colon, port = address.rpartition(":")
    if address != AUTO and not (host and colon and port.isdigit() and 0 < int(port) < 1 << 16):
        raise ValueError(
            f"must be {AUTO} or the host and the port of the cluster's head, as host:6379, not {address!r}"
        )
    return address


def _loopback(host: str) -> str:
    """Checks that only this machine reaches the dashboard, which runs code for everyone who opens it."""
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise ValueError(f"must be an address of the loopback interface, such as {LOOPBACK}, not {host!r}")
    return host


RayAddress = Annotated[str, AfterValidator(_ray_address)]
Amount = Annotated[float, Field(gt=0, le=1e9)]


class RayConfig(Record):
    """Arguments of `ray.init`. `num_cpus` to `dashboard_port` are for a Ray that FxAI starts on this machine."""

    address: RayAddress | None = Field(default=None, description="the same as ray_address")
    num_cpus: int | None = Field(default=None, ge=1, le=10_000, description="CPU cores; by default all")
    num_gpus: int | None = Field(default=None, ge=0, le=10_000, description="GPUs; by default all")
    resources: dict[str, Amount] = Field(default_factory=dict, description="resources of your own, by name")
    labels: dict[str, str] = Field(default_factory=dict, description="labels of the node")
    object_store_memory: int | None = Field(default=None, ge=75_000_000, description="bytes of the object store")
    include_dashboard: bool = Field(default=False, description="start Ray's dashboard, and print its URL")
    dashboard_host: Annotated[str, AfterValidator(_loopback)] = Field(
        default=LOOPBACK, description="address of the dashboard, on the loopback interface"
    )
    dashboard_port: int | None = Field(
        default=None, ge=1, le=65535, description="port of the dashboard; by default the first free one from 8265"
    )
    namespace: str | None = Field(default=None, min_length=1, description="namespace of the workers' actors")
    runtime_env: dict[str, JsonValue] = Field(
        default_factory=dict, description="Ray's runtime environment of the workers, such as {pip: [...]}"
    )
    ignore_reinit_error: bool = Field(default=False, description="without effect")
    configure_logging: bool = Field(default=True, description="without effect: Ray's log is a file of the study")
    logging_level: int | str = Field(default="info", description="without effect")
    log_to_driver: bool | None = Field(default=None, description="without effect")


def with_engine(written: Any) -> Any:
    """Adds `engine: ray` to a study that has `ray_address` or `ray_config`, and no `engine`."""
    if not isinstance(written, Mapping) or written.get("engine") is not None:
        return written
    has_ray = any(written.get(key) is not None for key in ("ray_address", "ray_config"))
    return {**written, "engine": RAY} if has_ray else written
