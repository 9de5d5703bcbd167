"""Fields of a configuration that may differ between the lanes of a pack, and change during a training.

They do not determine the shape of a tensor: each lane of a pack has its own values (`fxai.rl.lanes.pack`). All other
fields are equal in all lanes of a pack and constant during a training.
"""

from typing import Final

PER_LANE_MODEL_FIELDS: Final = frozenset({"dropout"})
PER_LANE_TRAINING_FIELDS: Final = frozenset(
    {
        "total_updates",
        "eval_frequency",
        "learning_rate",
        "lr_schedule",
        "gamma",
        "gae_lambda",
        "clip_epsilon",
        "value_clip_epsilon",
        "entropy_coef",
        "value_coef",
        "max_grad_norm",
        "normalize_advantage",
        "target_kl",
        "n_epochs",
        "learning_starts",
        "gradient_steps",
        "target_tau",
        "target_interval",
        "exploration_initial",
        "exploration_final",
        "exploration_fraction",
    }
)
SHARED_ENV_FIELDS: Final = frozenset(
    {"observation_window", "positions", "sessions", "actions", "sizing", "max_position", "fill"}
)


def varies_by_lane(path: str) -> bool:
    """Whether lanes of a pack may differ in the field of training_config at this path, and a training change it."""
    section, _, name = path.partition(".")
    match section:
        case "env":
            return name not in SHARED_ENV_FIELDS
        case "model":
            return name in PER_LANE_MODEL_FIELDS
        case "training":
            return name in PER_LANE_TRAINING_FIELDS
        case _:
            return False
