import contextlib
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.errors import InputError, SpecError
from fxai.spec.yaml.yaml_source import MAX_BYTES, dotted, parse_yaml, read_yaml


def problems_of(text: str) -> list[tuple[int | None, str, str]]:
    with pytest.raises(SpecError) as caught:
        parse_yaml(text, "spec.yaml")
    return [(problem.line, problem.key, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", 1e-5),
        ("-1.5E+3", -1500.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("+3", 3),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("'1e-5'", "1e-5"),
        ('"true"', "true"),
        ("2017-01-02", "2017-01-02"),
        ("!!str 5", "5"),
        ("!!float 5", 5.0),
        (".inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    read = parse_yaml(f"key: {text}", "spec.yaml").value
    assert isinstance(read, dict)
    assert read["key"] == value
    assert type(read["key"]) is type(value)


def test_not_a_number_is_read() -> None:
    value = parse_yaml(".nan", "spec.yaml").value
    assert isinstance(value, float)
    assert math.isnan(value)


@given(st.floats(allow_nan=False))
def test_every_float_that_python_prints_is_read_back(number: float) -> None:
    text = repr(number).replace("inf", ".inf")
    assert parse_yaml(text, "spec.yaml").value == number


@given(st.text())
def test_any_text_is_read_or_refused_with_a_message(text: str) -> None:
    with contextlib.suppress(SpecError):
        parse_yaml(text, "spec.yaml")


def test_every_key_and_item_has_its_line() -> None:
    source = parse_yaml("a: 1\nb:\n  - x\n  - c: 2\n", "spec.yaml")
    assert source.lines == {("a",): 1, ("b",): 2, ("b", 0): 3, ("b", 1): 4, ("b", 1, "c"): 4}
    assert dotted(("b", 1, "c")) == "b[1].c"


def test_a_key_given_twice_names_both_lines() -> None:
    assert problems_of("a:\n  b: 1\n  c: 2\n  b: 3\n") == [(4, "a.b", "given twice, first in line 2; keep one")]


def test_all_faults_of_a_file_come_at_once() -> None:
    found = problems_of("a: 1\na: 2\nb: !!python/object:os.system x\nc: !!int x\n<<: 3\n")
    assert [line for line, _, _ in found] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("x: !!python/object/apply:os.system [ls]", 1, "!!python/object/apply:os.system is not allowed"),
        ("x: !other 3", 1, "the tag !other is not allowed"),
        ("a: 1\nb: [1,\n  2: }", 3, "not valid YAML"),
        ('a: 1\nscore: "x/y" - 0.1 * "z"', 2, """put all of it in quotes: '"x/y" - 0.1 * "z"'"""),
        ("score: 'x/y' + 1", 1, """put all of it in quotes: "'x/y' + 1\""""),
        ("a: {command: python train.py {params}}", 1, "put a text with braces in quotes"),
        ("a: b: c", 1, "mapping values are not allowed here"),
        ("a: 1\n---\nb: 2", 2, "expected a single document"),
        ("? [1, 2]\n: x", 1, "a key must be a plain name"),
        ("a: *b", 1, "undefined alias"),
        ("x: &a [*a]", 1, "an alias must not contain itself"),
        ("x: " + "9" * 5000, 1, "too many digits"),
        ("- " * 5000, None, "nested too deeply"),
        ("a: \x00", None, "not valid YAML"),
    ],
)
def test_refused_with_line_and_reason(text: str, line: int | None, part: str) -> None:
    ((found, _, message),) = problems_of(text)
    assert found == line
    assert part in message


def test_an_alias_bomb_is_refused_before_it_unfolds() -> None:
    doubled = "".join(f"k{n + 1}: &k{n + 1} [{', '.join([f'*k{n}'] * 10)}]\n" for n in range(12))
    ((_, _, message),) = problems_of("k0: &k0 [x, x, x, x, x, x, x, x, x, x]\n" + doubled)
    assert "expands to more than" in message


def test_an_alias_is_a_copy_of_its_value() -> None:
    assert parse_yaml("a: &a {x: 1}\nb: *a", "spec.yaml").value == {"a": {"x": 1}, "b": {"x": 1}}


def test_files_that_are_no_text(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_bytes(b"a: 1\nb: \xff\xfe\n")
    with pytest.raises(SpecError, match=r"spec\.yaml:2: is not UTF-8 text"):
        read_yaml(file)
    file.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(SpecError, match="larger than 1 MB"):
        read_yaml(file)
    with pytest.raises(InputError, match="no such file"):
        read_yaml(tmp_path / "other.yaml")
    with pytest.raises(InputError, match="cannot be read"):
        read_yaml(tmp_path)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_yaml(file).value == {"a": 1}
