"""The key `argument_style`: the notation of parameters as arguments of a command."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias, get_args

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from fxai.spec.fields.record import Record
from fxai.spec.fields.suggestion import did_you_mean

Form: TypeAlias = Literal["--name=value", "--name value", "--flag", "name=value"]
Booleans: TypeAlias = Literal["value", "flag", "pair"]
Nulls: TypeAlias = Literal["value", "omit"]
Lists: TypeAlias = Literal["json", "values", "repeat", "comma"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)
KEY_VALUE: Final = "name=value"


class Notation(NamedTuple):
    """A complete argument style."""

    form: Form = "--name=value"  # never "--flag": that form is "--name=value" with other rules
    booleans: Booleans = "value"
    nulls: Nulls = "value"
    lists: Lists = "json"
    dashes: bool = False


DEFAULT_NOTATION = Notation()
_NOTATIONS: dict[Form, Notation] = {
    "--name=value": DEFAULT_NOTATION,
    "--name value": Notation("--name value", "flag", "omit", "values"),
    "--flag": Notation("--name=value", "flag", "omit", "values"),
    KEY_VALUE: Notation(KEY_VALUE),
}


def _not_given(value: object) -> bool:
    return value is None


class ArgumentStyle(Record):
    """Notation of `{params}`, `--net={net}` and `--net {net}`. The form sets the defaults of the other keys."""

    form: Form = Field(
        default="--name=value",
        description="notation of a number or a text; --flag writes --name=value, with flags for true and false",
    )
    booleans: Booleans | None = Field(
        default=None,
        exclude_if=_not_given,
        description="value: --name=true; flag: --name for true, nothing for false; pair: --name or --no-name",
    )
    nulls: Nulls | None = Field(default=None, exclude_if=_not_given, description="value: --name=null; omit: nothing")
    lists: Lists | None = Field(
        default=None,
        exclude_if=_not_given,
        description="json: --name=[1, 2]; values: --name 1 2; repeat: --name=1 --name=2; comma: --name=1,2",
    )
    dashes: bool = Field(
        default=False, description="whether {params} writes dashes instead of the underscores of a name"
    )

    @model_validator(mode="after")
    def _options_only(self) -> "ArgumentStyle":
        if self.form == KEY_VALUE and (self.booleans not in (None, "value") or self.lists == "values"):
            raise ValueError("flags and `lists: values` need options that begin with --; choose another form")
        return self

    @property
    def notation(self) -> Notation:
        """Returns the complete style: the keys that are set, and the defaults of the form for the others."""
        form = _NOTATIONS[self.form]
        return Notation(
            form.form,
            self.booleans or form.booleans,
            self.nulls or form.nulls,
            self.lists or form.lists,
            self.dashes,
        )


def _form_alone(written: Any) -> Any:
    """Expands the short form: `argument_style: --flag` means `{form: --flag}`."""
    if not isinstance(written, str):
        return written
    if written not in FORMS:
        known = ", ".join(map(repr, FORMS))
        raise ValueError(f"unknown argument style {written!r}{did_you_mean(written, FORMS) or '.'} Known: {known}")
    return {"form": written}


WrittenStyle: TypeAlias = Annotated[
    ArgumentStyle, BeforeValidator(_form_alone, json_schema_input_type=Form | ArgumentStyle)
]


def differences(style: ArgumentStyle | None) -> dict[str, JsonValue]:
    """Returns the settings of a style that differ from the default style; empty for a command without a style."""
    notation = DEFAULT_NOTATION if style is None else style.notation
    default = DEFAULT_NOTATION._asdict()
    return {key: value for key, value in notation._asdict().items() if value != default[key]}


def notation_of(differing: Mapping[str, JsonValue]) -> Notation:
    """Returns the notation that has these settings, which `differences` returned."""
    return ArgumentStyle.model_validate(differing).notation
