"""Classes of one's own by import path, `package.module:Class`: code that the spec's reader agrees to run."""

from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator

IMPORTED = "package.module:Class"  # the tag of such a class among Optuna's, as messages show it
OPTUNAS = "Optuna's"


def _import_path(path: str) -> str:
    module, name = split_path(path)
    if module and all(map(str.isidentifier, (*module.split("."), name))):
        return path
    raise ValueError(f"{path!r} is no class's name; write {IMPORTED}")


ImportPath: TypeAlias = Annotated[str, AfterValidator(_import_path)]


def split_path(path: str) -> tuple[str, str]:
    """The module and the class that `package.module:Class` or `package.module.Class` names."""
    module, _, name = path.rpartition(":" if ":" in path else ".")
    return module, name


def home_of(node: Any) -> str:
    """Whether a sampler or pruner, be it a mapping or a record, is one of Optuna's or named by its import path."""
    name = node.get("type") if isinstance(node, dict) else getattr(node, "type", None)
    return IMPORTED if isinstance(name, str) and not {":", "."}.isdisjoint(name) else OPTUNAS
