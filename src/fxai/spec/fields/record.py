"""Base class of all spec records: frozen, strict about names and types."""

from typing import Final

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Immutable record. Unknown keys and numbers that are not finite are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LaterField:
    """Type of the mark `LATER`."""


LATER: Final = LaterField()
"""Marks a field, as in `Annotated[float, LATER]`, that studies of an earlier release have not.

At its default the field is no part of the fingerprint, so that those studies are resumed. A trial that was running
begins again, since the identity of its checkpoint has all fields.
"""
