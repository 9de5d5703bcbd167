"""How many workers nodes have room for."""

from typing import Any

import pytest

from fxai.pool.ray.messages import NodeOffer, WorkerDemand
from fxai.pool.ray.placement import described_nodes, needs_of, refusal, workers_wanted


def node(name: str = "a", **resources: float) -> NodeOffer:
    return NodeOffer(name, "10.0.0.1", {"memory": 1e9, "node:10.0.0.1": 1.0, **resources})


def demand(**fields: Any) -> WorkerDemand:
    return WorkerDemand(**{"cpus": 1, "gpu_share": 1.0, "most": 100, **fields})


@pytest.mark.parametrize(
    ("fields", "nodes", "wanted"),
    [
        ({}, [node(CPU=4)], 4),
        ({}, [node(CPU=4), node(CPU=2)], 6),
        ({"cpus": 3}, [node(CPU=4), node(CPU=2)], 1),
        ({}, [node(CPU=4, GPU=2)], 2),
        ({"gpu_share": 0.3}, [node(CPU=40, GPU=2)], 6),
        ({"gpu_share": 0.1}, [node(CPU=40, GPU=1)], 10),
        ({"gpu_share": 0.0}, [node(CPU=4, GPU=2)], 4),
        ({}, [node(CPU=4), node(CPU=4, GPU=1)], 1),
        ({"custom": {"big": 0.5}}, [node(CPU=4, big=1.0), node(CPU=4)], 2),
        ({"most": 3}, [node(CPU=4)], 3),
        ({"workers": 7}, [node(CPU=4)], 7),
        ({"workers": 7, "most": 2}, [node(CPU=4)], 2),
        ({"autoscaling": True, "most": 20}, [node(CPU=4)], 20),
        ({}, [node()], 0),
    ],
)
def test_as_many_workers_as_fit_unless_a_number_is_given(
    fields: dict[str, Any], nodes: list[NodeOffer], wanted: int
) -> None:
    assert workers_wanted(demand(**fields), nodes) == wanted


def test_a_cluster_without_gpus_trains_on_cpus_unless_one_is_required() -> None:
    assert needs_of(demand(), [node(CPU=4)]) == {"CPU": 1}
    assert needs_of(demand(gpu_required=True), [node(CPU=4)]) == {"CPU": 1, "GPU": 1.0}


def test_a_demand_that_no_node_meets_is_refused_with_what_the_nodes_have() -> None:
    nodes = [node("a", CPU=4), node("b", CPU=2, big=1.0)]
    message = refusal(demand(cpus=3, custom={"big": 1.0}), nodes)
    assert message is not None
    assert "takes 3 CPU and 1 big: a has 4 CPU; b has 2 CPU and 1 big." in message
    assert refusal(demand(cpus=3), nodes) is None
    assert refusal(demand(cpus=3, custom={"big": 1.0}, autoscaling=True), nodes) is None
    assert refusal(demand(), []) is not None


def test_nodes_are_described_by_their_resources() -> None:
    assert described_nodes([node("a", CPU=4, GPU=1), node("b")]) == "2 nodes: a has 4 CPU and 1 GPU; b has no resources"
