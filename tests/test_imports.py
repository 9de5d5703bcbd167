"""The house's one rule of direction: what each room may import, read from the sources."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fxai

SOURCE = Path(fxai.__file__).parent
LEVELS = [
    {"errors"},
    {"whole_file", "keeper"},
    {"trial", "spec"},
    {"market", "wording", "printed_command"},
    {"rl"},
    {"search", "workers", "tracking", "objectives"},
    {
        "study_events",
        "stop_signal",
        "stop_rules",
        "suspects",
        "in_flight",
        "population",
        "trial_files",
        "failure_streak",
    },
    {"study_loop", "train_agents", "replay", "results", "dashboard"},
    {"tuning"},
    {"cli", "api"},
]
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


@pytest.mark.parametrize("module", ["fxai", "fxai.cli.app", "fxai.spec", "fxai.workers", "fxai.market"])
def test_light_modules_load_no_torch(module: str) -> None:
    code = f"import {module}, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_trackers_are_loaded_by_their_own_processes_alone() -> None:
    code = "import fxai.cli.app, sys; sys.exit(bool({'wandb', 'mlflow'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
