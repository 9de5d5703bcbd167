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
    {"atomic_write", "bounded_log", "module_path", "no_collection", "process_tree", "user_folders", "sigterm"},
    {"supervisor"},
    {"protocol", "spec"},
    {"formatting", "trial"},
    {"market", "search", "metric_text"},
    {"evaluation", "mirror"},
    {"rl"},
    {"llm"},
    {"objectives"},
    {"worker"},
    {"pool", "results", "tracking", "dashboard"},
    {"study"},
    {"cli", "api"},
    {"__main__"},
]
SUBFOLDERS = {
    "market": [
        "bars",
        "reading",
        "timestamps",
        "splits",
        "features",
        "markets",
        "rules",
        "leaks",
        "scores",
        "news",
        "mapped",
    ],
    "rl": ["kernels", "lanes", "networks", "environment", "scores", "compiled", "algorithms", "training", "agents"],
    "spec": ["yaml", "fields", "search", "checks", "reading"],
}
BESIDE_SUBFOLDERS = {"market": ["bars"]}
LEVEL_OF = {folder: level for level, folders in enumerate(LEVELS) for folder in folders}
IMPORTERS = {
    "optuna": {"search", "results", "dashboard"},
    "optuna_dashboard": {"dashboard"},
    "jinja2": {"results"},
    "torch": {"rl", "llm", "objectives"},
    "onnxruntime": {"rl"},
    "wandb": {"tracking"},
    "mlflow": {"tracking"},
    "ray": {"pool"},
    "transformers": {"llm"},
    "bitsandbytes": {"llm"},
    "rich": {"cli"},
    "typer": {"cli"},
}
FILES = sorted(SOURCE.rglob("*.py"))
FILES_OF = {folder: [path for path in FILES if path.is_relative_to(SOURCE / folder)] for folder in SUBFOLDERS}


def folder_of(path: Path) -> str:
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
    folder = folder_of(path)
    for module in imported_modules(path):
        root, _, rest = module.partition(".")
        if root == "fxai" and rest and folder != "__init__":
            other = rest.partition(".")[0]
            assert other == folder or LEVEL_OF[other] < LEVEL_OF[folder], f"{folder} imports {module}"
        assert folder in IMPORTERS.get(root, {folder}), f"{module} must not be imported by {folder}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_between_subfolders_run_one_way(path: Path) -> None:
    folder, *inner = path.relative_to(SOURCE).with_suffix("").parts
    if folder not in SUBFOLDERS or inner == ["__init__"]:
        return
    order = SUBFOLDERS[folder]
    for module in imported_modules(path):
        parts = module.split(".")
        if parts[:2] == ["fxai", folder] and len(parts) > 2 and parts[2] != inner[0]:
            assert order.index(parts[2]) < order.index(inner[0]), f"{folder}/{inner[0]} imports {module}"


@pytest.mark.parametrize("folder", SUBFOLDERS)
def test_every_subfolder_is_in_the_order(folder: str) -> None:
    inner = {path.relative_to(SOURCE / folder).with_suffix("").parts[0] for path in FILES_OF[folder]}
    assert inner == {"__init__", *SUBFOLDERS[folder]}


@pytest.mark.parametrize("folder", SUBFOLDERS)
def test_no_file_is_beside_the_subfolders(folder: str) -> None:
    files = {path.stem for path in FILES_OF[folder] if path.parent == SOURCE / folder}
    assert files == {"__init__", *BESIDE_SUBFOLDERS.get(folder, ())}


def test_reading_imports_only_bars_of_the_market() -> None:
    files = [path for path in FILES if path.is_relative_to(SOURCE / "market" / "reading")]
    modules = {module for path in files for module in imported_modules(path) if module.startswith("fxai.market")}
    assert {module for module in modules if not module.startswith("fxai.market.reading.")} == {"fxai.market.bars"}


def test_each_folder_has_one_level() -> None:
    assert set(LEVEL_OF) == {folder_of(path) for path in FILES} - {"__init__"}
    assert len(LEVEL_OF) == sum(map(len, LEVELS)), "a folder has two levels"


@pytest.mark.parametrize("library", IMPORTERS)
def test_only_the_listed_folders_import_a_library(library: str) -> None:
    importing = {
        folder_of(path) for path in FILES if library in {each.partition(".")[0] for each in imported_modules(path)}
    }
    assert IMPORTERS[library] == importing


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


@pytest.mark.parametrize("library", ["transformers", "bitsandbytes"])
def test_one_file_imports_a_library_of_the_extra_llm(library: str) -> None:
    files = [path for path in FILES if library in {each.partition(".")[0] for each in imported_modules(path)}]
    assert len(files) == 1


LIGHT = (
    "fxai",
    "fxai.cli.app",
    "fxai.spec",
    "fxai.pool",
    "fxai.market",
    "fxai.llm.lora_settings",
    "fxai.llm.extra",
    "fxai.objectives.trading_lanes",
    "fxai.rl.agents.agent_file",
    "fxai.rl.agents.trajectory",
)


@pytest.mark.parametrize("module", LIGHT)
def test_light_modules_load_no_torch(module: str) -> None:
    code = f"import {module}, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("module", ["fxai.cli.run_studies", "fxai.objectives.trading_lanes"])
def test_what_runs_and_trains_a_study_on_mapped_markets_loads_no_pandas(module: str) -> None:
    code = f"import {module}, sys; sys.exit(bool({{'pandas', 'pyarrow', 'torch'}} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_packages_of_the_extra_llm_are_imported_when_used() -> None:
    modules = "fxai.llm.training, fxai.llm.open_model, fxai.llm.adapter_files"
    code = f"import {modules}, sys; sys.exit(bool({{'transformers', 'peft', 'bitsandbytes'}} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_command_line_loads_no_tracker() -> None:
    code = "import fxai.cli.app, sys; sys.exit(bool({'wandb', 'mlflow'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
