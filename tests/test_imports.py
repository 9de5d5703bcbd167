"""Imports run one way: which folders each folder may import, read from the sources."""

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import fxai

SOURCE = Path(fxai.__file__).parent
LEVELS = [
    {"errors"},
    {"atomic_write", "bounded_log", "process_tree"},
    {"supervisor"},
    {"protocol", "spec"},
    {"formatting", "trial"},
    {"market", "search", "metric_text"},
    {"evaluation"},
    {"rl"},
    {"objectives"},
    {"worker"},
    {"pool", "results", "tracking", "dashboard"},
    {"study"},
    {"cli", "api"},
]
SUBFOLDERS = {
    "rl": ["kernels", "lanes", "networks", "environment", "algorithms", "training", "agents"],
    "spec": ["yaml", "fields", "search", "checks", "reading"],
}
LEVEL_OF = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
HOMES = {
    "optuna": {"search", "results", "dashboard"},
    "optuna_dashboard": {"dashboard"},
    "jinja2": {"results"},
    "torch": {"rl", "objectives"},
    "onnxruntime": {"rl"},
    "wandb": {"tracking"},
    "mlflow": {"tracking"},
    "rich": {"cli"},
    "typer": {"cli"},
}
FILES = sorted(SOURCE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            if node.module == "fxai":
                yield from (f"fxai.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_run_one_way(path: Path) -> None:
    room = room_of(path)
    for module in imported_modules(path):
        root, _, rest = module.partition(".")
        if root == "fxai" and rest and room != "__init__":
            other = rest.partition(".")[0]
            assert other == room or LEVEL_OF[other] < LEVEL_OF[room], f"{room} imports {module}"
        assert room in HOMES.get(root, {room}), f"{module} has no home in {room}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_between_subfolders_run_one_way(path: Path) -> None:
    folder, *inner = path.relative_to(SOURCE).parts
    if folder not in SUBFOLDERS or len(inner) < 2:
        return
    order = SUBFOLDERS[folder]
    for module in imported_modules(path):
        parts = module.split(".")
        if parts[:2] == ["fxai", folder] and len(parts) > 2 and parts[2] != inner[0]:
            assert order.index(parts[2]) < order.index(inner[0]), f"{folder}/{inner[0]} imports {module}"


@pytest.mark.parametrize("folder", SUBFOLDERS)
def test_every_subfolder_has_its_place_in_the_order(folder: str) -> None:
    inner = [path.relative_to(SOURCE / folder).parts for path in FILES if path.is_relative_to(SOURCE / folder)]
    assert {parts[0] for parts in inner if len(parts) > 1} == set(SUBFOLDERS[folder])
    assert {parts[0] for parts in inner if len(parts) == 1} == {"__init__.py"}, "a file stands beside the subfolders"


def test_the_rooms_with_a_level_are_those_that_there_are() -> None:
    assert set(LEVEL_OF) == {room_of(path) for path in FILES} - {"__init__"}
    assert len(LEVEL_OF) == sum(map(len, LEVELS)), "a room stands at two levels"


@pytest.mark.parametrize("library", HOMES)
def test_a_library_has_a_home_in_each_room_that_imports_it_and_in_no_other(library: str) -> None:
    importing = {
        room_of(path) for path in FILES if library in {each.partition(".")[0] for each in imported_modules(path)}
    }
    assert HOMES[library] == importing


def test_no_import_cycles_between_files() -> None:
    graph = {module_of(path): {m for m in imported_modules(path) if m.startswith("fxai.")} for path in FILES}
    seen: dict[str, bool] = {}

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join([*trail, module])
        if seen.get(module):
            return
        for other in graph.get(module, ()):
            visit(other, (*trail, module))
        seen[module] = True

    for module in graph:
        visit(module, ())


def module_of(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def test_no_two_classes_have_one_name() -> None:
    defined: dict[str, list[str]] = defaultdict(list)
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                defined[node.name].append(module_of(path))
    assert {name: modules for name, modules in defined.items() if len(modules) > 1} == {}


@pytest.mark.parametrize("module", ["fxai", "fxai.cli.app", "fxai.spec", "fxai.pool", "fxai.market"])
def test_light_modules_load_no_torch(module: str) -> None:
    code = f"import {module}, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_trackers_are_loaded_by_their_own_processes_alone() -> None:
    code = "import fxai.cli.app, sys; sys.exit(bool({'wandb', 'mlflow'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
