"""Keys of the guide's program that FxAI does not have, each with what to write instead.

A value that asks for what FxAI always does is accepted and ignored.
"""

from dataclasses import dataclass

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class RetiredKey:
    """A key that is refused, with the message, and the values that are accepted and ignored."""

    instead: str
    harmless: tuple[JsonValue, ...] = ()

    def accepts(self, value: JsonValue) -> bool:
        folded = value.lower() if isinstance(value, str) else value
        return any(folded == fine and type(folded) is type(fine) for fine in self.harmless)


_SEVERAL = (
    "several metrics are written as objectives: [{metric: sharpe, direction: maximize}, "
    "{metric: max_drawdown, direction: minimize}]"
)

RETIRED_IN_SPEC = {
    "notify_on_complete": RetiredKey(
        "FxAI sends no notifications; write `fxai run ... && your-command` in the shell", (False, None)
    ),
    "log_level": RetiredKey("FxAI has no log levels; `--quiet` prints less, each trial has its own log", ("info",)),
}

RETIRED_IN_STUDY = {
    "load_if_exists": RetiredKey(
        "a run always resumes the study of its name; set another study_name, or give `--fresh` to start again", (True,)
    ),
    "catch_exceptions": RetiredKey(
        "a trial that raises is always recorded as FAIL and the study continues; remove the key", (True,)
    ),
    "save_checkpoints": RetiredKey(
        "a running trial always has a checkpoint, deleted when the trial ends; remove the key", (True,)
    ),
    "checkpoint_dir": RetiredKey("checkpoints are in the trial folders below results_dir; set results_dir", (None,)),
    "base_config": RetiredKey("named configurations do not exist; write the values under training_config", (None,)),
    "episodes_per_trial": RetiredKey(
        "the length of a trial is a number of updates; set training_config.training.total_updates", (None,)
    ),
    "eval_episodes": RetiredKey(
        "an evaluation covers the whole validation split; set its share by training_config.data.split.validation",
        (None,),
    ),
    "directions": RetiredKey(_SEVERAL),
    "metric_names": RetiredKey(_SEVERAL),
}
