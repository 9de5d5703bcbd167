"""What holds for every network: outputs lane by lane, derivatives as autograd finds them, a sound beginning."""

import math

import pytest
import torch

from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.build import build_network
from fxai.rl.networks.gru import Gru
from fxai.rl.networks.mlp import Mlp
from fxai.rl.networks.network import Network
from fxai.rl.networks.transformer import Transformer
from fxai.spec.fields.model_config import ModelConfig
from ways import either_way  # noqa: F401

pytestmark = pytest.mark.usefixtures("either_way")
SHAPE = (3, 5)
NETWORKS: dict[str, Network] = {
    "mlp": Mlp(SHAPE, (7, 7), outputs=4),
    "mlp of several widths": Mlp(SHAPE, (9, 4, 6), outputs=4),
    "gru": Gru(SHAPE, width=7, depth=2, outputs=4),
    "transformer": Transformer(SHAPE, width=6, depth=2, heads=2, feedforward=9, outputs=4),
}


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest) -> Network:
    return NETWORKS[request.param]


def weights(network: Network, nets: int = 2) -> torch.Tensor:
    """Begun as they begin, then moved a little: biases and norms shall matter."""
    return network.initial(normal(nets, network.layout.size), 1.0) + 0.1 * normal(nets, network.layout.size, seed=1)


@pytest.mark.parametrize("dropped", [False, True])
def test_vjp_is_the_derivative(network: Network, *, dropped: bool):
    here = weights(network)
    observation = normal(2, 6, *SHAPE, seed=2)
    keep = (normal(2, 6, network.dropout_sites, seed=3) > 0) * 2.0 if dropped else None
    d_outputs = normal(2, 4, 6, seed=4)
    with torch.no_grad():
        outputs, vjp = network.vjp(here, observation, keep)
        gradient = vjp(d_outputs)
        torch.testing.assert_close(outputs, network(here, observation, keep))
        for seed in range(5, 25):
            way = 1e-6 * normal(*here.shape, seed=seed)
            change = network(here + way, observation, keep) - network(here - way, observation, keep)
            expected = (change * d_outputs).sum() / 2
            torch.testing.assert_close((gradient * way).sum(), expected, rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize("dropped", [False, True])
def test_nets_may_share_inputs(network: Network, *, dropped: bool):
    """Two nets for each observation: outputs and derivatives as if each net had been given its own."""
    here, observation = weights(network, 4), normal(2, 6, *SHAPE, seed=2)
    keep = (normal(4, 6, network.dropout_sites, seed=3) > 0) * 2.0 if dropped else None
    d_outputs = normal(4, 4, 6, seed=4)
    with torch.no_grad():
        shared, shared_vjp = network.vjp(here, observation, keep)
        apart, apart_vjp = network.vjp(here, observation.repeat_interleave(2, 0), keep)
        assert torch.equal(shared, apart)
        assert torch.equal(shared_vjp(d_outputs), apart_vjp(d_outputs))
        torch.testing.assert_close(shared, network(here, observation, keep))


def test_every_weight_matters(network: Network):
    """All of them get a derivative but the key's bias, which softmax cannot see."""
    observation = normal(2, 6, *SHAPE, seed=2)
    _, vjp = network.vjp(weights(network), observation, None)
    for name, part in network.layout.views(vjp(normal(2, 4, 6, seed=4))).items():
        idle = (part.abs() < 1e-12).float().mean()
        assert idle <= (1 / 3 if name.endswith("qkv.bias") else 0), name


def test_nets_are_independent(network: Network):
    both = weights(network)
    observation = normal(2, 6, *SHAPE, seed=2)
    before = network(both, observation, None)
    both[1] += 1
    assert torch.equal(network(both, observation, None)[0], before[0])


def test_keeping_all_changes_nothing(network: Network):
    observation = normal(2, 6, *SHAPE, seed=2)
    keep = torch.ones(2, 6, network.dropout_sites, dtype=torch.float64)
    assert torch.equal(network(weights(network), observation, keep), network(weights(network), observation, None))


@pytest.mark.parametrize("name", ["gru", "transformer"])
def test_the_order_of_the_rows_is_known(name: str):
    network = NETWORKS[name]
    observation = normal(1, 1, *SHAPE, seed=2)
    swapped = observation[:, :, [1, 0, 2]]
    assert not torch.allclose(
        network(weights(network, 1), observation, None), network(weights(network, 1), swapped, None)
    )


@pytest.mark.parametrize(
    "network",
    [Gru((5,), width=6, depth=1, outputs=4), Transformer((5,), width=6, depth=1, heads=2, feedforward=9, outputs=4)],
    ids=["gru", "transformer"],
)
def test_a_flat_observation_is_one_row(network: Network):
    assert network(weights(network, 1), normal(1, 2, 5), None).shape == (1, 4, 2)


@pytest.fixture(params=["mlp", "gru", "transformer", (9, 4)], ids=str)
def policy(request: pytest.FixtureRequest) -> ActorCritic:
    shape = {"type": request.param} if isinstance(request.param, str) else {"widths": request.param}
    config = ModelConfig.model_validate({"d_model": 8, "n_layers": 2, "n_heads": 2, **shape})
    return ActorCritic(build_network(config, SHAPE, outputs=3))


def test_the_first_policy_is_nearly_uniform(policy: ActorCritic):
    observation = normal(1, 50, *SHAPE).float()
    probs = policy.preferences(policy.initial(torch.tensor([7])), observation).softmax(1)
    assert (probs - 1 / 3).abs().max() < 0.03


def test_weights_come_from_the_seed_alone(policy: ActorCritic):
    alone, packed = policy.initial(torch.tensor([7])), policy.initial(torch.tensor([3, 7]))
    assert torch.equal(alone[0], packed[1])
    assert not torch.equal(packed[0], packed[1])


def test_actor_and_critic_are_one_product(policy: ActorCritic):
    start = policy.initial(torch.tensor([7, 8]))
    observation = normal(2, 50, *SHAPE).float()
    logits, value, vjp = policy.vjp(start, observation)
    torch.testing.assert_close(logits, policy.preferences(start, observation))
    torch.testing.assert_close(value, policy.value(start, observation))
    actor, critic = vjp(torch.ones_like(logits), torch.zeros_like(value)).view(2, 2, -1).unbind(1)
    assert actor.abs().sum() > 0
    assert critic.abs().sum() == 0


def test_hidden_matrices_of_the_mlp_are_orthogonal():
    network = NETWORKS["mlp"]
    parts = network.layout.views(network.initial(normal(2, network.layout.size), 0.01))
    square = parts["1.weight"] / math.sqrt(2)
    torch.testing.assert_close(square @ square.mT, torch.eye(7, dtype=torch.float64).expand(2, 7, 7))
    head = parts["2.weight"] / 0.01
    torch.testing.assert_close(head @ head.mT, torch.eye(4, dtype=torch.float64).expand(2, 4, 4))
    assert parts["2.bias"].abs().sum() == 0


def test_a_gru_is_torchs():
    """The same outputs from the same weights, net by net."""
    network = NETWORKS["gru"]
    here = weights(network)
    observation = normal(2, 6, *SHAPE, seed=2)
    outputs = network(here, observation, None)
    for net, parts in enumerate(network.layout.views(row.unsqueeze(0)) for row in here):
        peer = torch.nn.GRU(SHAPE[1], 7, num_layers=2, batch_first=True, dtype=torch.float64)
        for name, parameter in peer.named_parameters():
            kind, side, layer = name.replace("_ih_l", " input ").replace("_hh_l", " state ").split()
            parameter.data = parts[f"{layer}.{side}.{kind}"][0].mT.reshape(parameter.shape).contiguous()
        states, _ = peer(observation[net])
        head = parts["head.weight"][0] @ states[:, -1].mT + parts["head.bias"][0]
        torch.testing.assert_close(outputs[net], head)


def test_widths_that_agree_are_the_network_of_one_width():
    one, several = (
        build_network(config, SHAPE, outputs=3)
        for config in (ModelConfig(d_model=8, n_layers=3), ModelConfig(widths=(8, 8, 8)))
    )
    assert several.layout.size == one.layout.size
    assert several.dropout_sites == one.dropout_sites
    nets, observation = weights(one), normal(2, 4, *SHAPE)
    assert torch.equal(one(nets, observation, None), several(nets, observation, None))
