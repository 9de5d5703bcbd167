"""`ConfigLoader`: reads YAML files as mappings, also the shipped files of `config/`."""

from pathlib import Path
from typing import Any

from fxai.errors import InputError
from fxai.spec.reading.find_spec import config_directory
from fxai.spec.yaml.yaml_source import read_yaml

_FOLDERS = ("config", "configs")


class ConfigLoader:
    """Reads configuration files."""

    def __init__(self, folder: str | Path = ".") -> None:
        self._folder = Path(folder)

    def load_config(self, path: str | Path) -> dict[str, Any]:
        """Read the mapping in a YAML file.

        Args:
            path: Path from the loader's folder. `config/base/hpo.yaml`, with `search_spaces`, `param_mapping` and
                `experiments`, and the specs in `config/optuna/` are found from any folder. A file of your own with
                the same path takes precedence. `configs/` means `config/`.

        Raises:
            InputError: The file does not hold a mapping, or is not valid YAML.
        """
        file = self._folder / path
        value = read_yaml(file if file.is_file() else _shipped(Path(path)) or file).value
        if not isinstance(value, dict):
            raise InputError(f"{path}: expected a mapping")
        return value


def _shipped(path: Path) -> Path | None:
    if path.is_absolute() or not path.parts or path.parts[0] not in _FOLDERS:
        return None
    folder = config_directory()
    shipped = folder.joinpath(*path.parts[1:]).resolve()
    return shipped if shipped.is_relative_to(folder.resolve()) and shipped.is_file() else None
