"""The objective `fx_trading`: train a trading agent with PPO and score it on the validation split."""

from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version

import torch
from pydantic import JsonValue

from fxai.errors import InputError
from fxai.market.dataset import Market, prepare
from fxai.rl.agent import Agent
from fxai.rl.checkpoint import Checkpoint, load_checkpoint
from fxai.rl.pack import Pack
from fxai.rl.ppo import Ppo
from fxai.rl.scoring import SCORES
from fxai.rl.trading import agent, trading
from fxai.rl.training import Evaluation
from fxai.spec.data_config import DataConfig
from fxai.spec.env_config import EnvConfig
from fxai.spec.training_config import TrainingConfig
from fxai.trial import Outcome, Report, Slot, TrialPaths, TrialRequest

METRICS = (*SCORES, *Ppo.statistics, "steps_per_second")


@dataclass(frozen=True, slots=True)
class TrainedAgent:
    """An agent and how its scores came about."""

    agent: Agent
    evaluations: tuple[Evaluation, ...]  # of one lane


def run_trial(request: TrialRequest, slot: Slot) -> Generator[Report, None, Outcome]:
    """Train one trial; see `fxai.trial.Objective`.

    Its value is the metric at the last evaluation, never the best of several: with noisy scores that
    would be a selection on noise.
    """
    if request.metric not in METRICS:
        raise InputError(f"fx_trading has no metric {request.metric!r}; it reports {', '.join(METRICS)}")
    torch.set_num_threads(slot.threads)
    config = TrainingConfig.model_validate(request.config)
    base = TrainingConfig.model_validate(request.base_config)
    paths = TrialPaths(request.directory)
    market = _market(config.data)
    pack = Pack((config,), (request.seed,))
    training = trading(pack, base.env, market, torch.device(slot.device))

    identity = _identity(config, base, market, request, slot)
    reports: tuple[Report, ...] = ()
    if checkpoint := load_checkpoint(paths.checkpoint, identity):
        training.restore(checkpoint.state)
        reports = checkpoint.reports
        yield from reports
    for evaluation in training.evaluations():
        (metrics,) = evaluation.metrics
        reports += (Report(request.number, evaluation.step, metrics[request.metric], metrics),)
        Checkpoint(identity, reports, training.state()).save(paths.checkpoint)
        yield reports[-1]
    found = agent(training, 0, pack, market)
    found.save(paths.agent)
    return Outcome(reports[-1].value, reports[-1].metrics)


def train_agent(
    config: TrainingConfig, base: EnvConfig, seed: int, device: str = "cpu", market: Market | None = None
) -> TrainedAgent:
    """Train one agent to the end, on `config.data` or a market at hand, scored in the environment `base`."""
    market = market or _market(config.data)
    pack = Pack((config,), (seed,))
    training = trading(pack, base, market, torch.device(device))
    evaluations = tuple(training.evaluations())
    found = agent(training, 0, pack, market)
    return TrainedAgent(found, evaluations)


@lru_cache(maxsize=4)
def _market(config: DataConfig) -> Market:
    """A worker trains many trials on the same bars: they are read once."""
    return prepare(config)


def _identity(
    config: TrainingConfig, base: TrainingConfig, market: Market, request: TrialRequest, slot: Slot
) -> dict[str, JsonValue]:
    """What two runs must agree in to reach the same numbers; the attempt is not among it."""
    return {
        "study": request.study,
        "number": request.number,
        "config": config.model_dump(mode="json"),
        "base_env": base.env.model_dump(mode="json"),
        "seed": request.seed,
        "metric": request.metric,
        "data_hash": market.content_hash,
        "device": torch.device(slot.device).type,
        "versions": {"fxai": version("fxai"), "torch": torch.__version__},
    }
