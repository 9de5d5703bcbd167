"""The agents of a trial of `fx_trading`, one for each seed, in the fold whose training ends last."""

from dataclasses import dataclass
from pathlib import Path

from fxai.market.markets.instruments import MarketSet
from fxai.rl.agents.agent_header import AgentHeader, CommitteeHeader, Weights, write_agent_file
from fxai.rl.agents.ensemble import save_ensembles
from fxai.rl.agents.trained_ensemble import trained_ensembles
from fxai.spec.fields.ensemble_members import is_ensemble
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.training_config import TrainingConfig


@dataclass(frozen=True, slots=True)
class TrialAgents:
    """The agents of a trial's seeds, besides their weights."""

    config: TrainingConfig
    seeds: tuple[int, ...]  # of the first lanes
    markets: MarketSet
    scoring_env: EnvConfig

    def save(self, path: Path, weights: Weights) -> None:
        """Write the committee of the agents; one agent by itself.

        Args:
            path: File of the agent.
            weights: Weights of the trial's lanes, [lane, size]; the first lanes are those of the agents.

        Raises:
            FxaiError: If the file cannot be written.
        """
        of_seeds = weights[: len(self.seeds)]
        if is_ensemble(self.config):
            save_ensembles(path, trained_ensembles(self.config, self.seeds, self.markets, of_seeds, self.scoring_env))
            return
        headers = [AgentHeader.trained(self.config, seed, self.markets, self.scoring_env) for seed in self.seeds]
        write_agent_file(path, headers[0] if len(headers) == 1 else CommitteeHeader.of(headers), of_seeds)
