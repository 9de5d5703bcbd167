"""Base class of all spec records: frozen, strict about names and types."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Immutable record. Unknown keys and numbers that are not finite are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
