"""The fields of a configuration in which trainings of one pack may differ, and a running training may change.

No tensor's shape hangs on them: each lane of a pack has numbers of its own (`fxai.rl.lanes.pack`). All other
fields decide what a pack is, and a training keeps them to its end.
"""

from typing import Final

OWN_IN_MODEL: Final = frozenset({"dropout"})
OWN_IN_TRAINING: Final = frozenset(
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
SHARED_IN_ENV: Final = frozenset({"observation_window"})


def may_change(path: str) -> bool:
    """Whether a training may go on with another value at this path of training_config."""
    section, _, name = path.partition(".")
    match section:
        case "env":
            return name not in SHARED_IN_ENV
        case "model":
            return name in OWN_IN_MODEL
        case "training":
            return name in OWN_IN_TRAINING
        case _:
            return False
