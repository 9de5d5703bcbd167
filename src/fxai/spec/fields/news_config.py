"""The section `news`: headlines of instruments, and how their file is read."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from fxai.spec.fields.environment import check_bare
from fxai.spec.fields.record import Record
from fxai.spec.fields.sources import as_name

NewsMeaning = Literal["time", "date", "symbol", "title", "summary"]
"""What a column of a file of news may be. With `date`, `time` is the time of day."""


class _NewsColumns(dict[NewsMeaning, str | int]):
    """Columns of a file by meaning. It has a hash, because configurations are keys of caches."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


class NewsConfig(Record):
    """The news that decisions read."""

    file: Annotated[str, Field(min_length=1), AfterValidator(check_bare)] = Field(
        description="CSV, JSON, Parquet or Arrow file, or a folder or a pattern (news/*.csv) whose files are read "
        "together; ${NAME} is an environment variable",
    )
    columns: Annotated[dict[NewsMeaning, str | Annotated[int, Field(ge=1)]], AfterValidator(_NewsColumns)] | None = (
        Field(
            default=None,
            description="columns that are not recognized, by name or by number from 1, such as {title: Headline, "
            "symbol: 3}; the meanings are time, date, symbol, title and summary",
        )
    )
    instrument: Annotated[Annotated[str, Field(min_length=1)] | None, BeforeValidator(as_name)] = Field(
        default=None,
        description="instrument that all news is about, for a file without a column of instruments; a column that the "
        "file has is not read",
    )
    timezone: str = Field(
        default="UTC",
        description="time zone of times without one: a name such as America/New_York, or an offset such as +02:00",
    )
    date_format: str | None = Field(
        default=None,
        description="form of the times, if it is not recognized: codes of strptime, such as '%m/%d/%Y %H:%M', or "
        "seconds, milliseconds, microseconds or nanoseconds since 1970",
    )
    day_first: bool | None = Field(
        default=None,
        description="whether dates such as 5-7-2022 have the day before the month; by default the dates of the file "
        "decide, and a file whose dates do not is refused",
    )

    @model_validator(mode="after")
    def _one_form(self) -> "NewsConfig":
        if self.date_format is not None and self.day_first is not None:
            raise ValueError(
                "date_format and day_first exclude each other; date_format says the order of day and month"
            )
        return self
