"""Writes `docs/spec.md`, the reference of all keys of a spec, from the JSON Schema that `fxai schema` prints.

    python docs/make_spec_reference.py

A test compares the page with the output of this script.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import JsonValue

from fxai.spec.fields.argument_style import FORMS, ArgumentStyle, Form
from fxai.spec.fields.arguments import argument_of_key
from fxai.spec.fields.retired_keys import RETIRED_IN_SPEC, RETIRED_IN_STUDY
from fxai.spec.reading.schema import json_schema
from fxai.spec.search.class_names import CLASS_NAMES, SHORT_NAMES
from fxai.spec.search.metrics import FRACTIONS, LOSSES, METRICS
from fxai.spec.search.study import Spec, StudySpec
from fxai.spec.search.translate_parameter import NORMAL, TYPES

PAGE = Path(__file__).with_name("spec.md")
Schema = Mapping[str, Any]

HEAD = """\
# The spec reference

<!-- Made from the schema by docs/make_spec_reference.py; change the descriptions in src/fxai/spec instead. -->

A spec is a YAML file with a `name` and one or more `studies`. All keys are optional except those marked *required*. \
A key that is not listed here is an error, and the message names the nearest known key. `fxai check FILE` lists all \
mistakes of a file. [The guide](guide.md) shows specs in use, [the README](../README.md#the-spec) a short one.

For completion and checks in your editor, use the JSON Schema from which this page is made:

```bash
fxai schema > fxai.schema.json
```

With the YAML language server (VS Code and others), the first line of a spec is then
`# yaml-language-server: $schema=fxai.schema.json`.

Numbers may be written as `1e-5` and as `50_000_000`. A section without keys has its defaults.

## Environment variables and passwords

`${NAME}` in a path or a URL is the value of an environment variable. It works in `results_dir`, `storage`, \
`data.source`, `data.features.function_folder`, \
`extends`, the `folder` of an objective and `tracking_uri`, and in `--storage` and `--results-dir` (in \
single quotes, because the shell expands it otherwise). A variable that is not set is an error. `$NAME` without braces \
is an error in a path; in a URL, a `$` without braces is a literal `$`. A `~` at the beginning of a path is the home \
folder. Files that FxAI writes and commands that it prints keep the text as written. A study resumes on another \
machine whose bars are in another folder, because it identifies a file by its content.

Messages and files do not show the password of a database: they show `***` for the text between the scheme and the \
last `@`. If a user name or a password contains one of `@ : / ? # %`, percent-encode it: `@` as `%40`, `:` as `%3A`, \
`/` as `%2F`, `?` as `%3F`, `#` as `%23`, `%` as `%25`. It is better to keep the password out of the spec: \
`storage: postgresql://me:${PGPASSWORD}@host/studies`. [Studies in PostgreSQL or MySQL](how_to/server_database.md) \
need an extra.

The database limits what your own code may report. The greatest step is 2^63 - 1 in SQLite and 2^31 - 1 in PostgreSQL \
and MySQL. A report beyond it is ignored with a warning, and the trial continues. MySQL and MariaDB hold 65,535 \
bytes of a parameter's choices or of a training_config; a study that needs more ends with a message.
"""


class Section(NamedTuple):
    """A heading, and the definition of the schema whose keys are listed under it."""

    heading: str
    definition: str


SECTIONS = (
    Section("## `studies`: one study", "StudySpec"),
    Section("### `objectives`: several metrics", "Goal"),
    Section("### `objective: {function: ...}`: a function of yours", "PythonFunction"),
    Section("### `objective: {command: [...]}`: a program of yours", "CustomCommand"),
    Section("#### `argument_style`: how parameters become arguments", "ArgumentStyle"),
    Section("### `validation.walk_forward`", "WalkForwardConfig"),
    Section("### `validation.combinatorial`", "CombinatorialConfig"),
    Section("### `confirm`: the best trials on fresh seeds", "Confirmation"),
    Section("### `verdict`: the best trial on unseen bars", "VerdictConfig"),
    Section("### `search`: populations", "PopulationSearch"),
    Section("### `stop`: rules that end a study early", "Stop"),
    Section("### `resources`", "Resources"),
    Section("### `ray_config`: arguments of `ray.init`", "RayConfig"),
    Section("### `tracking`", "Tracking"),
    Section("#### `tracking.wandb`", "WandbTracking"),
    Section("#### `tracking.mlflow`", "MlflowTracking"),
    Section("### `presets`: named settings of studies", "Preset"),
    Section("## `training_config`: the configuration of all trials", "TrainingConfig"),
    Section("### `data`", "DataConfig"),
    Section("#### `data.clean`", "CleanConfig"),
    Section("#### `data.split`", "SplitConfig"),
    Section("#### `data.features`", "FeatureConfig"),
    Section("##### `data.features.order_book`: features of order-book snapshots", "OrderBookConfig"),
    Section("##### `data.features.timeframes`: features of a higher time frame", "TimeframeConfig"),
    Section("### `env`", "EnvConfig"),
    Section("#### `env.sessions`", "SessionConfig"),
    Section("#### `env.costs`: costs of one of several instruments", "InstrumentCosts"),
    Section("#### `env.reward`", "RewardConfig"),
    Section("### `model`", "ModelConfig"),
    Section("### `training` with `algorithm: ppo`", "PpoConfig"),
    Section("### `training` with `algorithm: a2c`", "A2cConfig"),
    Section("### `training` with `algorithm: dqn`", "DqnConfig"),
    Section("### `training` with `ensemble`", "EnsembleTraining"),
    Section("### `ensemble`", "EnsembleConfig"),
    Section("## `training_config` of `objective: llm_signal`", "LlmSignalConfig"),
    Section("### `news`: headlines of instruments", "NewsConfig"),
    Section("### `decisions`: what a decision reads", "DecisionConfig"),
    Section("### `baskets`: the portfolio that scores signals", "BasketConfig"),
    Section("### `model`: a language model", "LanguageModelConfig"),
    Section("### `lora`: the adapter", "LoraConfig"),
    Section("### `training`: training of an adapter", "SignalTrainingConfig"),
)
VALUES = {  # instead of the schema's own text, where that is long
    "sampler": "name, or mapping with `type`: [samplers](#samplers)",
    "pruner": "name, or mapping with `type`: [pruners](#pruners)",
    "wrapped_pruner": "name, or mapping with `type`: [pruners](#pruners)",
    "sessions": "[mapping](#envsessions), or list of mappings",
    "parameters": "[list or mapping](#parameters-the-search-space)",
    "presets": "mapping from name to [mapping](#presets-named-settings-of-studies)",
    "training_config": "[mapping](#training_config-the-configuration-of-all-trials)",
    "choices": "list",
    "values": "list",
}
NOUNS = {
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "string": "text",
    "object": "mapping",
}
SEEDS = 2**32
ARGUMENTS: tuple[tuple[str, JsonValue], ...] = (
    ("number", 0.5),
    ("small negative number", -1e-05),
    ("text", "two words"),
    ("text with a dash", "-v"),
    ("text that is empty", ""),
    ("true", True),
    ("false", False),
    ("null", None),
    ("list", [64, 32]),
)
KINDS = {
    "float": "parameter_float",
    "int": "parameter_int",
    "normal": "parameter_randn",
    "categorical": "parameter_categorical",
}


def spec_reference() -> str:
    """The page."""
    schema = json_schema()
    definitions = schema["$defs"]
    parts = [
        HEAD,
        "## The file",
        _table(schema["properties"], _required(Spec), {}),
        *(part for section in SECTIONS for part in _section(section, definitions)),
        *_parameters(definitions),
        *_classes("sampler", "Samplers", definitions),
        *_classes("pruner", "Pruners", definitions),
        *_metrics(),
        *_retired(),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def listed_definitions() -> set[str]:
    """The definitions of the schema that the page has a table for."""
    classes = {name for names in CLASS_NAMES.values() for name in names}
    return {section.definition for section in SECTIONS} | classes | {f"parameter_{name}" for name in TYPES}


def _required(record: type[Spec | StudySpec]) -> set[str]:
    return {name for name, field in record.model_fields.items() if field.is_required()}


def _section(section: Section, definitions: Schema) -> Iterator[str]:
    definition = definitions[section.definition]
    yield section.heading
    if section.definition == "StudySpec":
        yield "A study: its search space, sampler, pruner and budget."
        yield _table(definition["properties"], _required(StudySpec), _made_defaults())
    else:
        yield _first_paragraph(definition)
        yield _table(definition["properties"], set(definition.get("required", ())), {})
        if section.definition == ArgumentStyle.__name__:
            yield from _argument_styles()


def _argument_styles() -> Iterator[str]:
    yield (
        "`argument_style: --flag` is short for `argument_style: {form: --flag}`. The table shows how each form "
        "writes a value by default, one code span per word:"
    )
    headings = ("Value", *(f"`{form}`" for form in FORMS))
    yield _rows(headings, [(shown, *(_arguments(value, form) for form in FORMS)) for shown, value in ARGUMENTS])
    yield (
        "- `--name=value` is for scripts that read the texts `true`, `null` and `[64, 64]`. Flags of "
        "absl need `{form: --name=value, nulls: omit, lists: comma}`.\n"
        "- `--flag` is for argparse and Click: `store_true` or `is_flag`, a default of None, `nargs`. Click's "
        "`--deep/--no-deep` and argparse's `BooleanOptionalAction` need `booleans: pair`, Click's `multiple` needs "
        "`lists: repeat`.\n"
        "- `--name value` is for programs that need a word for the name and a word for the value. argparse cannot read "
        "a value that begins with a dash in this form, so such a text is written `--name=text`, and a negative number "
        "is written without an exponent.\n"
        "- `name=value` is for Hydra and OmegaConf. Texts are quoted if the grammar of Hydra requires quotes.\n"
        "\n"
        "The rules for true, false, null and lists also apply to an option with its own placeholder, under the "
        "name that the command gives it: `--use-sde={deep}` and `--use-sde {deep}` become `--use-sde` or nothing, "
        "`--layers {net}` becomes `--layers 64 64`. The placeholder `{net}` alone becomes `64 64`; `{clip}` alone "
        "becomes nothing if it is null. In any other word, such as `run-{deep}`, a placeholder is the text `true`, "
        "`null` or `[64, 64]`. Without `argument_style` placeholders are these texts everywhere. The environment and "
        "`{request}` have the same values in every style."
    )


def _arguments(value: JsonValue, form: Form) -> str:
    words = argument_of_key("x", value, ArgumentStyle(form=form).notation)
    return " ".join(f"`{word}`" if word else "an empty word" for word in words) or "nothing"


def _made_defaults() -> dict[str, str]:
    """The names of the classes that are defaults of a study."""
    fields = StudySpec.model_fields
    return {key: f"`{fields[key].get_default(call_default_factory=True).type}`" for key in CLASS_NAMES}


def _parameters(definitions: Schema) -> Iterator[str]:
    yield "## `parameters`: the search space"
    yield (
        "A list of parameters with names, or a mapping from name to parameter. A study with a `search_space` has the "
        "parameters of that search space too; its own parameters replace those of the same name."
    )
    by_kind: dict[str, list[str]] = {}
    for name, fixed in TYPES.items():
        by_kind.setdefault("normal" if name in NORMAL else str(fixed["kind"]), []).append(f"`{name}`")
    for kind, names in by_kind.items():
        definition = definitions[KINDS[kind]]
        yield f"### {', '.join(names)}"
        yield _first_paragraph(definition)
        keys = {name: each for name, each in definition["properties"].items() if name != "type"}
        required = {"name", *definition["required"], *(("choices",) if kind == "categorical" else ())}
        yield _table(keys, required, {})
    yield (
        "Every type whose name holds `log` has `log: true`; every type that begins with `q` needs a `step`. `values` "
        "means `choices`, and `q` means `step`. Unlike Ray's, `randint` and `lograndint` include both ends.\n"
        "\n"
        "- Without `type`, `values` or `choices` make a parameter categorical. A range is `int` where `low`, `high` "
        "and `step` are whole numbers, as in `{low: 1, high: 10}`, or else `float`, as in `{low: 1.0, high: 10}`.\n"
        "- A value on steps has the decimal digits of `low` and `step`: 0.3 and not 0.30000000000000004. "
        "Conditions and constraints compare these digits.\n"
        "- `qloguniform` and `qlograndint` are proposed on a logarithmic scale, then rounded to a multiple of `q`, as "
        "in Ray. The rounded value is trained and stored. `low` must be a multiple of `q`.\n"
        "- `randn` and `qrandn` are searched uniformly from `mean - 3 * sd` to `mean + 3 * sd`, because Optuna's "
        "samplers have no normal distribution. `qrandn` takes the multiples of `q` in that range.\n"
        "- `grid_search` is categorical. If every parameter is a `grid_search` and no sampler is named, the sampler "
        "is `GridSampler`. With other types in the search space, the sampler of the study proposes its values.\n"
        "- There is no `sample_from`, because a spec cannot contain a function. Compute values that follow from other "
        "parameters in your own code. `HPOptimizer` takes `tune.sample_from` for a training engine of your own.\n"
        '- The choice `[64, 64]` is a list in your code; `"[64, 64]"`, in quotes, is a text.\n'
        "- The largest whole number is 2^53, because the database stores numbers as floats. Write a longer identifier "
        "as a text."
    )


def _classes(kind: str, heading: str, definitions: Schema) -> Iterator[str]:
    yield f"## {heading}"
    yield (
        f"`{kind}: {next(iter(SHORT_NAMES[kind]))}` alone, or a mapping with `type` and arguments. The arguments are "
        f"Optuna's own. A {kind} of your own is named by its import path, `{{type: package.module:Class}}`, with "
        "its arguments as further keys."
    )
    for name in CLASS_NAMES[kind]:
        definition = definitions[name]
        short = [each for each, meant in SHORT_NAMES[kind].items() if meant == name]
        yield f"### `{name}` ({' or '.join(f'`{each}`' for each in short)})"
        yield _first_paragraph(definition)
        keys = {key: each for key, each in definition["properties"].items() if key != "type"}
        if keys:
            yield _table(keys, set(definition.get("required", ())), {})


def _metrics() -> Iterator[str]:
    yield "## Metrics"
    yield (
        f"Trials of `fx_trading` report {_listed(METRICS)}. Lower values are better for "
        f"{_listed(sorted(LOSSES))}. Code of your own may report any metric."
    )
    yield (
        f"Texts, tables and plots show {_listed(sorted(FRACTIONS))} of `fx_trading` as percent, and differences of "
        "these in percentage points. `--json`, the result files, the database and keys of a spec such as `stop.value` "
        "have fractions: 0.05 is 5 %. A `score` and metrics of your own code are plain numbers everywhere."
    )


def _retired() -> Iterator[str]:
    yield "## Keys of other programs"
    yield (
        "These keys of similar programs are refused, unless their value is what FxAI does by default. The message says "
        "what to write instead."
    )
    rows = [(f"`{key}`", each.instead) for key, each in (RETIRED_IN_SPEC | RETIRED_IN_STUDY).items()]
    yield _rows(("Key", "Message"), rows)


def _table(properties: Schema, required: set[str], defaults: Mapping[str, str]) -> str:
    rows = [
        (f"`{key}`", VALUES.get(key) or _values(each), _default(key, each, required, defaults), _cell(_meaning(each)))
        for key, each in properties.items()
    ]
    return _rows(("Key", "Values", "Default", "Meaning"), rows)


def _rows(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _meaning(schema: Schema) -> str:
    described = schema.get("description") or next(
        (each["description"] for each in schema.get("anyOf", ()) if "description" in each), ""
    )
    return str(described)


def _default(key: str, schema: Schema, required: set[str], made: Mapping[str, str]) -> str:
    if key in made:
        return made[key]
    if key in required:
        return "*required*"
    default = schema.get("default", schema.get("const"))
    if default is None or default in ("", [], {}):
        return ""
    return "`{}`".format(_yaml(default).replace("\n", "\\n"))


def _values(schema: Schema) -> str:
    """The values that a schema allows, as text."""
    if "const" in schema:
        return f"`{_yaml(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{_yaml(each)}`" for each in schema["enum"])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            options = [_values(each) for each in schema[key] if each != {"type": "null"}]
            return " or ".join(dict.fromkeys(each for each in options if each))
    if "$ref" in schema:
        return _reference(schema["$ref"])
    kind = schema.get("type")
    if isinstance(kind, list):  # with null
        kind = next(each for each in kind if each != "null")
    return _of_kind(kind, schema)


def _of_kind(kind: str | None, schema: Schema) -> str:
    match kind:
        case "integer" | "number":
            return _within(NOUNS[kind], schema)
        case "array":
            return f"list of {_values(schema['items'])}"
        case "string" if schema.get("format") == "date-time":
            return "date"
        case _:
            return NOUNS.get(kind or "", "")


def _within(noun: str, schema: Schema) -> str:
    limits = {
        "minimum": "from",
        "exclusiveMinimum": "above",
        "maximum": "to",
        "exclusiveMaximum": "below",
    }
    words = [f"{word} {_yaml(schema[key])}" for key, word in limits.items() if key in schema]
    return " ".join([noun, *words])


def _reference(reference: str) -> str:
    name = reference.rpartition("/")[2]
    heading = next((section.heading for section in SECTIONS if section.definition == name), None)
    return "any value" if heading is None else f"[mapping](#{_anchor(heading)})"


def _anchor(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    words = heading.lstrip("# ").lower()
    return "".join(char for char in words.replace(" ", "-") if char.isalnum() or char in "-_")


def _first_paragraph(definition: Schema) -> str:
    return " ".join(str(definition["description"]).partition("\n\n")[0].split())


def _listed(names: Sequence[str]) -> str:
    *most, last = (f"`{name}`" for name in names)
    return f"{', '.join(most)} and {last}"


def _yaml(value: object) -> str:
    """A value in the notation of a spec."""
    match value:
        case bool():
            return str(value).lower()
        case list() | tuple():
            return f"[{', '.join(map(_yaml, value))}]"
        case float():
            return f"{Decimal(repr(value)):f}".removesuffix(".0")
        case int() if value == SEEDS:
            return "2^32"
        case _:
            return str(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(spec_reference(), encoding="utf-8")
