"""The workers of a study on a Ray cluster: what is checked before the run, and the pool."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

import fxai
from fxai.errors import InputError
from fxai.formatting import counted
from fxai.pool import Limits, PoolNotice, WorkerPool
from fxai.pool.machine import available_cores, available_gpus
from fxai.pool.ray.messages import NodeOffer, StartRay, WorkerDemand
from fxai.pool.ray.placement import CPU, GPU, described_nodes, refusal, workers_wanted
from fxai.pool.ray.ray_hosts import RayHosts
from fxai.pool.ray.reach import check_cluster, check_installed, found_address, is_this_machine
from fxai.pool.remote.remote_pool import RemotePool
from fxai.protocol import LanePlan
from fxai.spec.fields.engine import RayConfig
from fxai.spec.search.study import StudySpec
from fxai.study.node_files import staged_files

_HERE = "this machine"
_OF_STARTED = ("num_cpus", "num_gpus", "resources", "labels", "object_store_memory", "dashboard_port")
_WITHOUT_EFFECT = ("address", "ignore_reinit_error", "configure_logging", "logging_level", "log_to_driver")
_LOG = "ray.log"
FIRST_SECONDS = 30.0  # to wait for the first worker before the study begins
ALL_SECONDS = 10.0  # to wait for all workers, once one is ready


@dataclass(frozen=True, slots=True)
class RayPlan:
    """A cluster that answers and has room for the study's workers, or a Ray that FxAI will start."""

    address: str | None  # None: FxAI starts Ray on this machine
    demand: WorkerDemand
    nodes: tuple[NodeOffer, ...]

    @property
    def notices(self) -> tuple[str, ...]:
        """Nothing was reduced: what does not fit is refused."""
        return ()

    @property
    def description(self) -> str:
        """`2 on Ray at 10.0.0.1:6379, 1 thread each; 2 nodes: ...`."""
        where = "this machine" if self.address is None else self.address
        threads = counted(self.demand.cpus, "thread")
        workers = workers_wanted(self.demand, self.nodes)
        return f"{workers} on Ray at {where}, {threads} each; {described_nodes(self.nodes)}"


def ray_plan(study: StudySpec) -> RayPlan:
    """Check the extra, the cluster and the room for workers. Starts and writes nothing.

    Raises:
        InputError: Ray is not installed, the cluster cannot be used, or no node has what a worker takes.
    """
    config = study.ray_config
    check_installed(dashboard=config.include_dashboard)
    address = found_address(_address(study, config))
    if address is None:
        nodes: tuple[NodeOffer, ...] = (_own_offer(config),)
    else:
        _check_arguments(config)
        nodes = check_cluster(address, unprotected=study.ray_unprotected).nodes
    demand = _demand(study)
    if (message := refusal(demand, nodes)) is not None:
        raise InputError(f"the study {study.study_name!r} cannot run: {message}")
    return RayPlan(address, demand, nodes)


@contextmanager
def ray_workers(
    study: StudySpec, ray: RayPlan, plan: LanePlan, limits: Limits, logs: Path
) -> Iterator[tuple[WorkerPool, tuple[str, ...]]]:
    """Connect, and start the workers. Yields the pool, and notices about the cluster.

    Raises:
        FxaiError: Ray does not start.
    """
    config = study.ray_config
    package = Path(fxai.__file__).parent
    with staged_files(study, package, fxai.__version__, send=ray.address is not None) as files:
        hosts = RayHosts(StartRay(ray.address, _arguments(config, ray), files), logs.absolute() / _LOG)
        hosts.open(ray.demand)
        with RemotePool(hosts, plan, limits, logs) as pool:
            yield pool, (*_notices(ray, hosts), *_first_workers(pool, ray))


def _first_workers(pool: RemotePool, ray: RayPlan) -> Iterator[str]:
    """Wait until the workers are ready, or for a part of them. Yields notices."""
    wanted, begin = workers_wanted(ray.demand, ray.nodes), time.monotonic()
    while len(pool.activity()) < wanted:
        if time.monotonic() > begin + (ALL_SECONDS if pool.activity() else FIRST_SECONDS):
            break
        yield from (event.message for event in pool.events(0.5) if isinstance(event, PoolNotice))
    if not pool.activity():
        yield "No worker has room on a node of the Ray cluster yet; trials begin when a node has room"


def _address(study: StudySpec, config: RayConfig) -> str | None:
    if study.ray_address and config.address and study.ray_address != config.address:
        raise InputError(
            f"ray_address is {study.ray_address}, and ray_config.address is {config.address}; give one of them"
        )
    return study.ray_address or config.address


def _own_offer(config: RayConfig) -> NodeOffer:
    """What a Ray that FxAI starts will have."""
    cores = available_cores() if config.num_cpus is None else config.num_cpus
    gpus = len(available_gpus()) if config.num_gpus is None else config.num_gpus
    return NodeOffer(_HERE, "", {CPU: cores, **({GPU: gpus} if gpus else {}), **config.resources})


def _check_arguments(config: RayConfig) -> None:
    given = [name for name in _OF_STARTED if getattr(config, name)]
    if given:
        raise InputError(
            f"ray_config: {', '.join(given)} {'is' if len(given) == 1 else 'are'} for a Ray that FxAI starts, and "
            "ray_address names a cluster; remove it"
        )


def _demand(study: StudySpec) -> WorkerDemand:
    resources = study.resources
    return WorkerDemand(
        cpus=resources.cpu,
        gpu_share=study.gpu_per_trial,
        gpu_required=resources.autoscaling and "gpu_per_trial" in study.model_fields_set and study.gpu_per_trial > 0,
        custom=resources.custom,
        workers=study.n_jobs,
        most=min(study.n_trials, study.max_running_trials) if resources.autoscaling else study.n_trials,
        autoscaling=resources.autoscaling,
    )


def _arguments(config: RayConfig, ray: RayPlan) -> dict[str, JsonValue]:
    """The arguments of `ray.init`."""
    if ray.address is not None:
        return config.model_dump(include={"namespace", "runtime_env"}, exclude_none=True)
    given = config.model_dump(exclude=set(_WITHOUT_EFFECT), exclude_none=True)
    (offer,) = ray.nodes
    return {**given, "num_cpus": int(offer.resources[CPU]), "num_gpus": int(offer.resources.get(GPU, 0))}


def _notices(ray: RayPlan, hosts: RayHosts) -> Iterator[str]:
    yield f"Ray has {described_nodes(hosts.cluster.nodes)}"
    is_here = ray.address is None or is_this_machine(ray.address.rpartition(":")[0].strip("[]"))
    if (url := hosts.cluster.dashboard) is not None and is_here:  # it is on the loopback interface of the head
        yield f"Ray's dashboard: {url} (it asks for the token that `ray get-auth-token` prints)"
