"""Settings, data and progress of the training of an adapter."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from fxai.llm.lora_settings import LoraSettings
from fxai.llm.policy_gradient import Gradient
from fxai.llm.prompt_tokens import TokenDecisions


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How an adapter is trained. Lanes of one pack have the same `lora.target_modules`; the rest may differ."""

    lora: LoraSettings = field(default_factory=LoraSettings)
    signal_strength: int = 10  # the largest answer
    learning_rate: float = 1e-5
    reward_scaling: float = 1.0
    max_train_steps: int = 50
    batch_size: int = 16  # decisions of a step; fewer where fewer prompts have one length
    gradient: Gradient = "expected"


@dataclass(frozen=True, slots=True, eq=False)
class SignalLane:
    """One training: settings, seed, data, and the state that it continues from."""

    settings: TrainingSettings
    seed: int
    decisions: TokenDecisions
    prior: Tensor  # [answer] of the tree's answers, of `answer_prior`; zeros for the model's own probabilities
    state: Mapping[str, Tensor] | None = None  # of `SignalTraining.state`; None: a new adapter


@dataclass(frozen=True, slots=True)
class LaneProgress:
    """A lane after some steps."""

    steps: int  # since the training began
    decisions: int  # of the steps since the last progress
    expected_reward: float
    """Mean of answer / strength x return over the decisions of these steps, by the probabilities before each step."""
    finished: bool  # the lane has taken `max_train_steps`
