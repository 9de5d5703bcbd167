"""Finds specs by path, and shipped specs by name from any folder."""

from pathlib import Path

from fxai.errors import InputError
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.suggestion import did_you_mean

ENDINGS = ("", ".yaml", ".yml")


def config_directory() -> Path:
    """Returns the folder `config/`: the package `fxai.config` in a wheel, beside `src/` in a checkout."""
    package = Path(__file__).resolve().parents[2]
    candidates = (package / "config", package.parents[1] / "config")
    for candidate in candidates:
        if (candidate / "optuna").is_dir():
            return candidate
    raise InputError(f"the shipped specs are missing; expected them in {candidates[0]}")


def shipped_specs() -> tuple[Path, ...]:
    """Returns the specs that are shipped with FxAI, sorted by name."""
    return tuple(sorted((config_directory() / "optuna").glob("*.yaml")))


def find_spec(name: str) -> Path:
    """Returns the path of a spec, given by path or as `quick_search` or `config/optuna/quick_search.yaml`.

    Raises:
        InputError: There is no such spec; it suggests a shipped one.
    """
    path = Path(name)
    if is_file(path):
        return path
    path = expanded_path(name)
    if is_file(path):
        return path
    if _is_folder(path):
        raise InputError(f"{name} is a folder; name one YAML file in it")
    shipped = config_directory()
    for folder in (shipped.parent, shipped / "optuna"):
        for ending in ENDINGS:
            if is_file(candidate := folder / f"{name}{ending}") and candidate.is_relative_to(shipped):
                return candidate
    names = [each.stem for each in shipped_specs()]
    raise InputError(f"there is no spec {name!r}{did_you_mean(path.stem, names) or '.'} Shipped: {', '.join(names)}")


def is_file(path: Path) -> bool:
    """Whether there is such a file; False for an invalid path."""
    try:
        return path.is_file()
    except OSError:  # an invalid name, such as one that is too long
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
