"""Computes a lower bound of the memory of trainings that run side by side (lanes) from their configuration.

All numbers are float32, 4 bytes. N is the number of transitions of a rollout, n_envs * rollout_steps *
rollout_multiplier. O = observation_window * columns; the columns are the four of the account and those of the features
without volume, which some data do not have. P is the number of weights of one network, K the number of networks (two
for ppo, a2c and twin dqn, one for dqn). S is the number of activations stored per sample in a forward pass, B the
number of samples of one pass. R is buffer_size, or buffer_multiplier * n_envs * rollout_steps.

- weights:    4 * 5 K P; dqn 4 * 6 K P. Weights, Adam's two moments and scratch tensor, gradient; dqn's target.
- replay:     dqn only: 2 * R * (8 O + 14). Two observations per transition; copied when a lane is moved.
- rollout:    4 * 3 N O + 100 N. The steps of a rollout, and the tensors of the stacked steps.
- critic:     4 * (2 N O + N S). The critic's forward pass over a rollout; not for dqn.
- update:     4 * (c N O + K B S), c = 2 for ppo (samples in order and shuffled), 1 for a2c, whose B is N; dqn
              4 * (2 B O + K B S) + 40 * gradient_steps * B, where the last term is the indices drawn.

On a CPU, networks of type mlp are trained in compiled loops, lane after lane. Then
- dqn's weights are 4 * 4 K P without a gradient and without the scratch tensor, which is never written; and its pass
  4 * (K P + 2 B O + K B S) is in memory once, whatever the number of lanes;
- the rollout of ppo and a2c is 4 N O + 32 N, the fields of the samples, and the critic needs nothing beside it;
- ppo's update is 4 * (K P + B O + K B S), once.

A lane needs weights + replay + the largest of the other parts, which are not in memory at the same time. S is the sum
of the widths of an mlp; 5 * rows * d_model for each layer of a gru; rows * (8 d_model + 2 d_ff) for each block of a
transformer, for one block only in a pass without gradient. An ensemble keeps the weights and the replay of all its
members, whose kinds are updated in turn. Measured peaks of torch and numba were 1 to 3 times this
bound.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from fxai.spec.fields.algorithm import algorithm_named
from fxai.spec.fields.algorithm_names import VARIANTS, known_name
from fxai.spec.fields.ensemble_training import ENSEMBLE, MEMBER_ALGORITHMS, algorithm_of_kind

_FLOAT = 4
_ACCOUNT = 4  # columns
_POSITIONS: Final = "env.positions"
_ACTIONS: Final = "env.actions"
_SIZING: Final = "env.sizing"
_MAX_POSITION: Final = "env.max_position"
_FEWEST_ACTIONS = 3  # short, flat and long; or sell one, hold and buy one
_WIDTHS: Final = "model.widths"
_NETWORK: Final = ("model.type", "model.d_model", "model.n_layers", _WIDTHS, "model.d_ff")
_MULTIPLIER: Final = "training.rollout_multiplier"
_ROLLOUT: Final = ("training.n_envs", "training.rollout_steps", _MULTIPLIER)
_BUFFER_MULTIPLIER: Final = "training.buffer_multiplier"
_FEATURES: Final = tuple(
    f"data.features.{name}"
    for name in ("return_horizons", "volatility_windows", "momentum_windows", "bar_range", "time")
)
_AGENTS: Final = "ensemble.agents"
_ALGORITHM: Final = "training.algorithm"
_OBSERVATION: Final = "env.observation_window"
_DECISIVE: Final = frozenset(
    {
        *_NETWORK,
        *_ROLLOUT,
        *_FEATURES,
        _OBSERVATION,
        _POSITIONS,
        _ACTIONS,
        _SIZING,
        _MAX_POSITION,
        "ensemble.size",
        "ensemble.seeds",
        *(f"training.{name}" for name in ("batch_size", "buffer_size", "gradient_steps", "twin", "dueling")),
        _BUFFER_MULTIPLIER,
    }
)


@dataclass(frozen=True, slots=True)
class Part:
    """Tensors of one phase of a training."""

    name: str
    size: int  # in bytes
    keys: tuple[str, ...]  # the fields of training_config that determine it
    transient: bool = True  # in memory at another time than the other transient parts
    once: bool = False  # in memory once for all lanes

    def of_lanes(self, lanes: int) -> int:
        """Returns the size for a number of lanes in bytes."""
        return self.size if self.once else lanes * self.size


def decides_memory(path: str) -> bool:
    """Whether the memory of a training depends on a field of training_config."""
    return path in _DECISIVE or path.startswith((f"{_WIDTHS}.", f"{_AGENTS}."))


def lanes_bytes(values: Mapping[str, Any], lanes: int, *, on_cpu: bool = True) -> int:
    """Returns the least memory of trainings that run side by side in bytes.

    Args:
        values: All fields by path, as `config_values`.
        lanes: Number of trainings.
        on_cpu: Whether they run on a CPU.
    """
    parts = tuple(lane_parts(values, on_cpu=on_cpu))
    kept = sum(part.of_lanes(lanes) for part in parts if not part.transient)
    return kept + max(part.of_lanes(lanes) for part in parts if part.transient)


def lane_parts(values: Mapping[str, Any], *, on_cpu: bool = True) -> Iterator[Part]:
    """Yields the parts of the memory of one training by the formulas of this module; of an ensemble of all members."""
    if values[_ALGORITHM] != ENSEMBLE:
        yield from _parts(values, on_cpu=on_cpu)
        return
    for member in _members(values):
        yield from _parts(member, on_cpu=on_cpu)


def _members(values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yields the values of each member of an ensemble. Keys without a value have the defaults of its algorithm."""
    agents = [values.get(f"{_AGENTS}.{place}", kind) for place, kind in enumerate(_items(values[_AGENTS]))]
    for kind in agents[: values["ensemble.size"]] * values["ensemble.seeds"]:
        name = known_name(kind) or kind
        record = MEMBER_ALGORITHMS[algorithm_of_kind(name)]
        defaults = {f"training.{key}": field.default for key, field in record.model_fields.items()}
        given = {key: value for key, value in values.items() if value is not None}
        switches = {f"training.{switch}": True for switch in VARIANTS.get(name, ())}
        yield {**dict.fromkeys(values), **defaults, **given, **switches, _ALGORITHM: algorithm_of_kind(name)}


def _rollout(values: Mapping[str, Any]) -> tuple[int, tuple[str, ...]]:
    """Returns the number of transitions in a rollout, and the keys that determine it."""
    times = values.get(_MULTIPLIER) or 1
    return times * math.prod(values[name] for name in _ROLLOUT[:2]), _ROLLOUT if times > 1 else _ROLLOUT[:2]


def _replay(values: Mapping[str, Any]) -> tuple[int, tuple[str, ...]]:
    """Returns the number of transitions in a replay buffer, and the keys that determine it."""
    times = values.get(_BUFFER_MULTIPLIER)
    if times is None:
        return values["training.buffer_size"], ("training.buffer_size",)
    return times * math.prod(values[name] for name in _ROLLOUT[:2]), (_BUFFER_MULTIPLIER, *_ROLLOUT[:2])


def _parts(values: Mapping[str, Any], *, on_cpu: bool) -> Iterator[Part]:
    """Yields the parts of the memory of one training of one algorithm."""
    algorithm = algorithm_named(values[_ALGORITHM])
    is_dqn, is_ppo = algorithm == "dqn", algorithm == "ppo"
    network = _Network.of(values)
    nets = 1 + bool(values["training.twin"]) if is_dqn else 2
    seen = network.inputs
    steps, rollout_keys = _rollout(values)
    batch = values["training.batch_size"] if is_dqn or is_ppo else steps
    of_rollout, of_batch = (*rollout_keys, _OBSERVATION), ("training.batch_size",) if is_dqn or is_ppo else rollout_keys
    of_pass = (*of_batch, *network.keys)
    in_loop = on_cpu and values["model.type"] == "mlp"

    copies = (4 if in_loop else 6) if is_dqn else 5
    yield Part("weights", _FLOAT * copies * nets * network.weights, network.keys, transient=False)
    of_samples = _FLOAT * seen + 32 if in_loop and not is_dqn else _FLOAT * 3 * seen + 100
    yield Part("rollout", steps * of_samples, of_rollout)
    if is_dqn:
        stored, keys = _replay(values)
        yield Part("replay", 2 * stored * (2 * _FLOAT * seen + 14), (*keys, _OBSERVATION), transient=False)
        drawn = 40 * values["training.gradient_steps"] * batch
        yield Part("drawn transitions", drawn, ("training.gradient_steps", "training.batch_size"))
        gradient = nets * network.weights if in_loop else 0
        passed = gradient + batch * (2 * seen + nets * network.kept)
        yield Part("network's pass", _FLOAT * passed, of_pass, once=in_loop)
        return
    if in_loop and is_ppo:
        learnt = nets * network.weights + batch * (seen + nets * network.kept)
        yield Part("network's pass", _FLOAT * learnt, of_pass, once=True)
        return
    if not in_loop:
        yield Part("critic's pass", _FLOAT * steps * (2 * seen + network.passed), (*rollout_keys, *network.keys))
    learnt = (2 if is_ppo else 1) * steps * seen + nets * batch * network.kept
    yield Part("network's pass", _FLOAT * learnt, of_pass)


@dataclass(frozen=True, slots=True)
class _Network:
    """Sizes of one network."""

    inputs: int  # of an observation
    weights: int
    kept: int  # activations per sample in a pass with gradient
    passed: int  # activations per sample in a pass without gradient
    keys: tuple[str, ...]

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "_Network":
        rows, columns = values[_OBSERVATION], _columns(values)
        outputs = _actions(values) + bool(values.get("training.dueling"))
        width, depth = values["model.d_model"], values["model.n_layers"]
        keys = ("model.d_model", "model.n_layers")
        match values["model.type"]:
            case "mlp":
                given = _widths(values)
                widths = given or (width,) * depth
                chain = (rows * columns, *widths, outputs)
                weights = sum((before + 1) * after for before, after in pairwise(chain))
                kept = sum(widths)
                return cls(rows * columns, weights, kept, kept, (*((_WIDTHS,) if given else keys), _OBSERVATION))
            case "gru":
                weights = sum(3 * width * (fan_in + width + 2) for fan_in in (columns, *(width,) * (depth - 1)))
                kept = depth * 5 * rows * width
                return cls(rows * columns, weights + outputs * (width + 1), kept, kept, (*keys, _OBSERVATION))
            case _:
                wide = values["model.d_ff"] or 4 * width
                block = 4 * width + width * (3 * width + 3) + width * (width + 1) + width * (2 * wide + 1) + wide
                weights = rows * width + (columns + 1) * width + depth * block + 2 * width + outputs * (width + 1)
                passed = rows * (5 * width + wide)
                kept = depth * rows * (8 * width + 2 * wide)
                return cls(rows * columns, weights, kept, passed, (*keys, "model.d_ff", _OBSERVATION))


def _actions(values: Mapping[str, Any]) -> int:
    """Returns the number of actions, as `EnvConfig.action_count`."""
    if values.get(_ACTIONS) == "increment":
        return _FEWEST_ACTIONS
    of_units = 2 * values[_MAX_POSITION] + 1 if values.get(_SIZING) == "units" else _FEWEST_ACTIONS
    return len(_items(values.get(_POSITIONS))) or of_units


def _columns(values: Mapping[str, Any]) -> int:
    *lists, bar_range, time = (values[name] for name in _FEATURES)
    return sum(len(_items(each)) for each in lists) + 2 * bool(bar_range) + 4 * bool(time) + _ACCOUNT


def _widths(values: Mapping[str, Any]) -> tuple[int, ...]:
    given = _items(values[_WIDTHS])
    return tuple(values.get(f"{_WIDTHS}.{place}", width) for place, width in enumerate(given))


def _items(value: Any) -> tuple[Any, ...]:
    """Returns the items of a list, which may be JSON text as a parameter's choice; empty for None."""
    return tuple(json.loads(value) if isinstance(value, str) else value or ())


def format_gigabytes(size: float) -> str:
    """Returns a number of bytes as text, such as `1.5 GB` or `1,490,000 GB`."""
    gigabytes = size / 1e9
    if gigabytes < 100:  # noqa: PLR2004 - three digits
        return f"{gigabytes:.3g} GB"
    digits = 3 - math.ceil(math.log10(gigabytes))
    return f"{round(gigabytes, digits):,.0f} GB"
