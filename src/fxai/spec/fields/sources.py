"""The value of `data.source`: one source, or a source for each of several instruments."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from fxai.spec.fields.environment import check_bare


class Sources(dict[str, str]):
    """Sources by the name of the instrument, in the order of the names. It has a hash for caches by configuration."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        super().__init__(sorted(sources.items()))

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self.items()))


def _with_text_names(written: Any) -> Any:
    """A mapping with texts as keys, because YAML reads a name such as 600519 as a number."""
    if not isinstance(written, Mapping):
        return written
    return {as_name(name): source for name, source in written.items()}


def as_name(written: Any) -> Any:
    """The name of an instrument that YAML reads as a number, such as 600519."""
    return str(written) if isinstance(written, int) and not isinstance(written, bool) else written


def _form(written: Any) -> str:
    """The member of `Source` that a value is checked by, so that its message is about one form."""
    return "mapping" if isinstance(written, Mapping) else "text"


_Place: TypeAlias = Annotated[str, AfterValidator(check_bare)]
_Places: TypeAlias = Annotated[
    dict[Annotated[str, Field(min_length=1)], Annotated[_Place, Field(min_length=1)]],
    Field(min_length=1),
    BeforeValidator(_with_text_names),
    AfterValidator(Sources),
]

Source: TypeAlias = Annotated[Annotated[_Place, Tag("text")] | Annotated[_Places, Tag("mapping")], Discriminator(_form)]
"""A source of bars, or the source of each instrument by its name."""


def source_text(source: str | Mapping[str, str]) -> str:
    """A source as text: `eurusd.csv`, or `EURUSD: eurusd.csv, GBPUSD: gbpusd.csv`."""
    return source if isinstance(source, str) else ", ".join(f"{name}: {each}" for name, each in source.items())


def mapped(source: str | Mapping[str, str], change: Callable[[str], str]) -> str | Sources:
    """A source with each of its texts changed."""
    if isinstance(source, str):
        return change(source)
    return Sources({name: change(each) for name, each in source.items()})
