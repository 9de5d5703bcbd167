"""Makes the commands that FxAI prints: at the end of a run, in reports, in exports and in messages.

Each command is complete. Pasted into a shell in the same folder, it finds its study.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Final

from fxai.mirror.location import storage_in, url_of
from fxai.spec.fields.defaults import RESULTS_DIR, STORAGE
from fxai.spec.fields.storage_url import shown

_STORAGE, _RESULTS = "--storage", "--results-dir"
LOCATION_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {  # by command: its options for the location of studies
    "run": (_STORAGE, _RESULTS),
    "retune": (_STORAGE, _RESULTS),
    "check": (),
    "status": (_STORAGE, _RESULTS),
    "best": (_STORAGE, _RESULTS),
    "results": (_STORAGE, _RESULTS),
    "analysis": (_STORAGE, _RESULTS),
    "compare": (_STORAGE, _RESULTS),
    "show": (_STORAGE, _RESULTS),
    "report": (_STORAGE, _RESULTS),
    "plot": (_STORAGE, _RESULTS),
    "export": (_STORAGE, _RESULTS),
    "transfer": (_STORAGE, _RESULTS),
    "train": (),
    "evaluate": (),
    "verdict": (_STORAGE, _RESULTS),
    "dashboard": (_STORAGE, _RESULTS),
}


@dataclass(frozen=True, slots=True)
class StudyLocation:
    """Location of studies: their database and the folder of their files, as the user wrote them.

    The working folder of results at a URL is printed as its URL.
    """

    storage: str = STORAGE
    results_dir: str | Path = RESULTS_DIR

    def command(self, name: str, *arguments: str | int | Path, options: Mapping[str, str | int] | None = None) -> str:
        """`fxai show NAME 3 --storage URL --results-dir DIR`, for a shell.

        Options with the default location are left out. A password in `--storage` is hidden. An option with an empty
        value is a switch. Arguments that begin with a dash follow `--`.
        """
        url = url_of(self.results_dir)
        is_in_folder = url is not None and self.storage == storage_in(Path(self.results_dir))
        location = {
            option: value
            for option, value, default in (
                (_STORAGE, STORAGE if is_in_folder else shown(self.storage), STORAGE),
                (_RESULTS, url or str(self.results_dir), RESULTS_DIR),
            )
            if option in LOCATION_OPTIONS[name] and value != default
        }
        given = {
            option: shown(str(value)) if option == _STORAGE else value for option, value in (options or {}).items()
        }
        quoted = [quote(str(each)) for each in arguments]
        words = [word for option, value in {**given, **location}.items() for word in _option(option, value)]
        if any(str(each).startswith("-") for each in arguments):
            return " ".join(("fxai", name, *words, "--", *quoted))
        return " ".join(("fxai", name, *quoted, *words))


def _option(name: str, value: str | int) -> tuple[str, ...]:
    if value == "":
        return (name,)
    if str(value).startswith("-"):
        return (f"{name}={quote(str(value))}",)
    return name, quote(str(value))
