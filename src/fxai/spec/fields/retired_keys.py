"""Keys of the guide's own program that have no place here, each with what to write instead.

Where a value asks for what FxAI does anyway, it is accepted and left out.
"""

from dataclasses import dataclass

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class RetiredKey:
    """A key that is no longer one."""

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
        "a run always goes on with the study of its name; take another study_name, or `--fresh` to begin anew", (True,)
    ),
    "catch_exceptions": RetiredKey(
        "a trial that raises is always recorded as FAIL and the study goes on; leave it out", (True,)
    ),
    "save_checkpoints": RetiredKey(
        "a running trial always has its checkpoint, removed when it ends; leave it out", (True,)
    ),
    "checkpoint_dir": RetiredKey("checkpoints lie with their trials below results_dir; set results_dir", (None,)),
    "base_config": RetiredKey("there are no named configurations; write them out under training_config", (None,)),
    "episodes_per_trial": RetiredKey(
        "a trial's length is counted in updates; write training_config.training.total_updates", (None,)
    ),
    "eval_episodes": RetiredKey(
        "an evaluation walks the whole validation split; set its share by training_config.data.split.validation",
        (None,),
    ),
    "directions": RetiredKey(_SEVERAL),
    "metric_names": RetiredKey(_SEVERAL),
}
