"""The key `tracking`: trackers (W&B, MLflow) that record a study, off by default."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from fxai.spec.fields.environment import check_url
from fxai.spec.fields.record import Record
from fxai.spec.fields.retired_keys import RetiredKey

_PROJECT = "fx-ai-optuna"
_NOT_IN_A_PROJECT = "/\\#?%:"


def _project_name(name: str) -> str:
    if bad := sorted(set(name) & set(_NOT_IN_A_PROJECT)):
        raise ValueError(f"{name!r} must not contain {' '.join(map(repr, bad))}")
    return name


def _without_password(uri: str) -> str:
    """Refuses an address that contains a secret. The message does not quote the address."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        raise ValueError("is not an address such as http://localhost:5000 or sqlite:///mlflow.db") from None
    if parts.scheme in {"http", "https"} and "@" in parts.netloc:
        raise ValueError("give user and password as MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, not here")
    if parts.password is not None:
        raise ValueError("contains a password; set the address as MLFLOW_TRACKING_URI in the environment instead")
    return uri


Tag = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class WandbTracking(Record):
    """Weights & Biases: one run per trial, grouped by study."""

    project: Annotated[str, AfterValidator(_project_name)] = Field(
        default=_PROJECT, min_length=1, max_length=128, description="name of the project at W&B"
    )
    entity: str | None = Field(
        default=None, min_length=1, description="user or team; by default the user of the API key"
    )
    mode: Literal["online", "offline", "disabled"] | None = Field(
        default=None, description="mode of W&B; WANDB_MODE by default, and offline without a key"
    )
    tags: tuple[Tag, ...] = Field(default=("optuna", "hyperparameter_search"), description="tags of each run")


class MlflowTracking(Record):
    """MLflow: a parent run for the study with one child run per trial."""

    tracking_uri: Annotated[str, AfterValidator(_without_password), AfterValidator(check_url)] | None = Field(
        default=None,
        min_length=1,
        description="address of MLflow; by default MLFLOW_TRACKING_URI, or else sqlite:///mlflow.db",
    )
    experiment: str = Field(default=_PROJECT, min_length=1, description="name of the experiment at MLflow")


class Tracking(Record):
    """Trackers that record the study. An empty mapping uses the tracker's defaults."""

    wandb: WandbTracking | None = Field(default=None, description="Weights & Biases; off without this key")
    mlflow: MlflowTracking | None = Field(default=None, description="MLflow; off without this key")


TRACKERS: dict[str, type[Record]] = {"wandb": WandbTracking, "mlflow": MlflowTracking}
TRACKER_SETTINGS = frozenset(
    f"tracking.{name}.{key}" for name, record in TRACKERS.items() for key in record.model_fields
)
"""Keys that `--set` can set, whether the spec names the tracker or not."""

_WANDB_KEY = RetiredKey("a spec must not contain API keys; set WANDB_API_KEY in the environment, or run `wandb login`")
_MLFLOW_KEY = RetiredKey(
    "a spec must not contain secrets; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, "
    "or MLFLOW_TRACKING_TOKEN, in the environment"
)
_SECRETS = ("api_key", "key", "token", "secret", "password", "username")
SECRET_KEYS = {"wandb": dict.fromkeys(_SECRETS, _WANDB_KEY), "mlflow": dict.fromkeys(_SECRETS, _MLFLOW_KEY)}
"""Keys that are refused because their values are secrets, by tracker."""
