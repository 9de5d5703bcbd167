"""How many workers the nodes of a cluster have room for. Pure functions of records."""

from collections.abc import Mapping, Sequence

from fxai.formatting import counted
from fxai.pool.ray.messages import NodeOffer, WorkerDemand

CPU, GPU = "CPU", "GPU"
_INTERNAL = ("node:", "memory", "object_store_memory", "accelerator_type:")
_ROUNDING = 1e-6


def needs_of(demand: WorkerDemand, nodes: Sequence[NodeOffer]) -> Mapping[str, float]:
    """What a worker takes, by Ray's names of resources. A cluster without GPUs trains on CPUs."""
    has_gpu = demand.gpu_required or any(node.resources.get(GPU, 0) for node in nodes)
    gpu = {GPU: demand.gpu_share} if demand.gpu_share and has_gpu else {}
    return {CPU: demand.cpus, **gpu, **demand.custom}


def room_of(node: NodeOffer, needs: Mapping[str, float]) -> int:
    """Number of workers that the node has room for if nothing else runs there."""
    return min((_fits(node.resources.get(name, 0), name, need) for name, need in needs.items()), default=0)


def workers_wanted(demand: WorkerDemand, nodes: Sequence[NodeOffer]) -> int:
    """Number of workers to start; those without a node wait for one."""
    if demand.workers is not None:
        return min(demand.workers, demand.most)
    room = sum(room_of(node, needs_of(demand, nodes)) for node in nodes)
    return demand.most if demand.autoscaling else min(room, demand.most)


def refusal(demand: WorkerDemand, nodes: Sequence[NodeOffer]) -> str | None:
    """The message if no node has room for a worker, with what the nodes offer. None if one has."""
    needs = needs_of(demand, nodes)
    if demand.autoscaling or any(room_of(node, needs) for node in nodes):
        return None
    offers = "; ".join(f"{node.name} has {_listed(_offered(node))}" for node in nodes)
    return (
        f"no node of the Ray cluster has room for a worker, which takes {_listed(needs)}: {offers or 'there is none'}. "
        "Lower resources or gpu_per_trial, or set resources.autoscaling if the cluster starts nodes when workers wait"
    )


def described_nodes(nodes: Sequence[NodeOffer]) -> str:
    """`2 nodes: vm has 4 CPU and 1 GPU; vm2 has 8 CPU`."""
    offers = "; ".join(f"{node.name} has {_listed(_offered(node))}" for node in nodes)
    return f"{counted(len(nodes), 'node')}: {offers}"


def _fits(offered: float, name: str, need: float) -> int:
    if name == GPU and need < 1:  # a worker has its share on one GPU
        return int(offered) * int(1 / need + _ROUNDING)
    return int(offered / need + _ROUNDING)


def _offered(node: NodeOffer) -> Mapping[str, float]:
    return {name: amount for name, amount in node.resources.items() if not name.startswith(_INTERNAL)}


def _listed(amounts: Mapping[str, float]) -> str:
    *first, last = [f"{amount:g} {name}" for name, amount in amounts.items()] or ["no resources"]
    return f"{', '.join(first)} and {last}" if first else last
