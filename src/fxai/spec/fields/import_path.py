"""Custom samplers and pruners by import path, `package.module:Class`."""

from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator

IMPORTED = "package.module:Class"  # tag of a custom class in the union of classes, shown in messages
OPTUNAS = "Optuna's"


def _import_path(path: str) -> str:
    module, name = split_path(path)
    if module and all(map(str.isidentifier, (*module.split("."), name))):
        return path
    raise ValueError(f"{path!r} is not the name of a class; write {IMPORTED}")


ImportPath: TypeAlias = Annotated[str, AfterValidator(_import_path)]


def split_path(path: str) -> tuple[str, str]:
    """Returns the module and the class of `package.module:Class` or `package.module.Class`."""
    module, _, name = path.rpartition(":" if ":" in path else ".")
    return module, name


def class_origin(node: Any) -> str:
    """Returns the union's tag of a sampler or pruner, given as a mapping or a record: `OPTUNAS` or `IMPORTED`."""
    name = node.get("type") if isinstance(node, dict) else getattr(node, "type", None)
    return IMPORTED if isinstance(name, str) and not {":", "."}.isdisjoint(name) else OPTUNAS
