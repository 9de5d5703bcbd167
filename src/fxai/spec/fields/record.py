"""The base of all spec records: frozen, and strict about names and types."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Immutable once validated; a key that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
