"""Which trackers record a study, and where; none unless the spec asks."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from fxai.spec.environment import check_url
from fxai.spec.record import Record
from fxai.spec.retired_keys import RetiredKey

_PROJECT = "fx-ai-optuna"
_NOT_IN_A_PROJECT = "/\\#?%:"


def _project_name(name: str) -> str:
    if bad := sorted(set(name) & set(_NOT_IN_A_PROJECT)):
        raise ValueError(f"{name!r} must not hold {' '.join(map(repr, bad))}")
    return name


def _without_password(uri: str) -> str:
    """An address without secrets, which would go into logs and other people's specs; its message repeats none."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        raise ValueError("is no address, as in http://localhost:5000 or sqlite:///mlflow.db") from None
    if parts.scheme in {"http", "https"} and "@" in parts.netloc:
        raise ValueError("give user and password as MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, not here")
    if parts.password is not None:
        raise ValueError("holds a password; give the whole address as MLFLOW_TRACKING_URI in the environment, not here")
    return uri


Tag = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class WandbTracking(Record):
    """Weights & Biases: one run for each trial, grouped by study."""

    project: Annotated[str, AfterValidator(_project_name)] = Field(
        default=_PROJECT, min_length=1, max_length=128, description="its name at W&B"
    )
    entity: str | None = Field(default=None, min_length=1, description="user or team; the key's own unless given")
    mode: Literal["online", "offline", "disabled"] | None = Field(
        default=None, description="WANDB_MODE unless given; offline where there is no key"
    )
    tags: tuple[Tag, ...] = Field(default=("optuna", "hyperparameter_search"), description="of each run")


class MlflowTracking(Record):
    """MLflow: a run for the study with one for each trial below it."""

    tracking_uri: Annotated[str, AfterValidator(_without_password), AfterValidator(check_url)] | None = Field(
        default=None, min_length=1, description="MLFLOW_TRACKING_URI unless given, or else sqlite:///mlflow.db"
    )
    experiment: str = Field(default=_PROJECT, min_length=1, description="its name at MLflow")


class Tracking(Record):
    """A tracker that is named records the study; empty, with its defaults."""

    wandb: WandbTracking | None = Field(default=None, description="Weights & Biases; off unless named")
    mlflow: MlflowTracking | None = Field(default=None, description="MLflow; off unless named")


TRACKERS: dict[str, type[Record]] = {"wandb": WandbTracking, "mlflow": MlflowTracking}
TRACKER_SETTINGS = frozenset(
    f"tracking.{name}.{key}" for name, record in TRACKERS.items() for key in record.model_fields
)
"""What `--set` can set, whether the spec names the tracker or not."""

_WANDB_KEY = RetiredKey("a key does not belong in a spec; set WANDB_API_KEY in the environment, or run `wandb login`")
_MLFLOW_KEY = RetiredKey(
    "a secret does not belong in a spec; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, "
    "or MLFLOW_TRACKING_TOKEN, in the environment"
)
_SECRETS = ("api_key", "key", "token", "secret", "password", "username")
SECRET_KEYS = {"wandb": dict.fromkeys(_SECRETS, _WANDB_KEY), "mlflow": dict.fromkeys(_SECRETS, _MLFLOW_KEY)}
"""Keys that would hold a secret, by tracker."""
