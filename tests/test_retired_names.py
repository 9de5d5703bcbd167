"""No module, class or function has a name that was retired.

`retired_names.txt` lists the names. The names in use are read from the syntax trees, so prose and stored values, which
keep their spelling, are not read.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import fxai

TOP = Path(__file__).parents[1]
LISTED, _, BELOW = (TOP / "tests" / "retired_names.txt").read_text().partition("\n\n")
MODULES = LISTED.splitlines()[1:]
NAMES = BELOW.splitlines()[1:]
FOLDERS = ("src", "tests", "benchmarks", "examples", "docs")


def sources() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (TOP / folder).rglob("*.py"))


def names_in(tree: ast.AST) -> Iterator[str]:
    """What a source defines, reads, assigns and passes, and the modules it imports."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case ast.arg(arg=name) | ast.keyword(arg=str(name)) | ast.alias(name=name):
                yield name
            case ast.ImportFrom(module=str(module), names=names):
                yield module
                yield from (f"{module}.{each.name}" for each in names)


@pytest.mark.parametrize("module", MODULES)
def test_no_module_has_a_retired_name(module: str) -> None:
    path = Path(fxai.__file__).parent.joinpath(*module.split("."))
    assert not path.with_suffix(".py").exists()
    assert not (path / "__init__.py").exists()


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(TOP)))
def test_no_source_uses_a_retired_name(path: Path) -> None:
    retired = {*NAMES, *(f"fxai.{module}" for module in MODULES)}
    found = retired.intersection(names_in(ast.parse(path.read_text())))
    assert not found, f"{path} uses {', '.join(sorted(found))}"


def test_a_retired_name_is_found_where_it_is_used() -> None:
    tree = ast.parse("from fxai.keeper import start_keeper\nclass Flight: ...\nself.berth = f(overlay=1)")
    assert {"fxai.keeper", "start_keeper", "Flight", "berth", "overlay"} <= set(names_in(tree))
