"""References to studies in several databases: `fx_ai_quick`, `old.db#fx_ai_quick`, `URL#`."""

from collections.abc import Sequence
from dataclasses import dataclass

from optuna import Study

from fxai.errors import InputError
from fxai.search.studies import is_archived, load_study, study_names
from fxai.spec.fields.storage_url import shown

_SEPARATOR = "#"


@dataclass(frozen=True, slots=True)
class StudyReference:
    """A study's database and name."""

    storage: str  # a URL
    name: str

    def load(self) -> Study:
        """The study with all its trials. Raises `InputError` if it does not exist."""
        return load_study(self.storage, self.name)

    @property
    def database(self) -> str:
        """The database's URL without the password."""
        return shown(self.storage)


def references(texts: Sequence[str], storage: str) -> tuple[StudyReference, ...]:
    """Parse references to studies.

    Args:
        texts: References: `NAME`, `FILE#NAME`, `URL#NAME`, or `FILE#` and `URL#` for all studies of a database.
        storage: URL of the database of bare names.

    Raises:
        InputError: A study is named twice, or a reference is wrong.
    """
    found: list[StudyReference] = []
    for text in texts:
        for each in _references(text, storage):
            if each in found:
                raise InputError(f"the study {each.name!r} of {each.database} is named twice")
            found.append(each)
    return tuple(found)


def _references(text: str, storage: str) -> Sequence[StudyReference]:
    place, separator, name = _parts(text)
    if not separator:
        return (StudyReference(storage, text),)
    if not place:
        raise InputError(f"{text!r} names no database before the {_SEPARATOR}; write STUDY, FILE#STUDY or URL#STUDY")
    url = place if "://" in place else f"sqlite:///{place}"
    if name:
        return (StudyReference(url, name),)
    names = [each for each in study_names(url) if not is_archived(each)]
    if not names:
        raise InputError(f"{shown(url)} has no studies")
    return tuple(StudyReference(url, each) for each in names)


def _parts(text: str) -> tuple[str, str, str]:
    """Database, separator and study. A password in a URL, before the last `@`, may contain the separator."""
    if "://" not in text or text.startswith("sqlite"):
        return text.partition(_SEPARATOR)
    head, at, tail = text.rpartition("@")
    place, separator, name = tail.partition(_SEPARATOR)
    if not separator:
        raise InputError(
            f"{shown(text)!r} names no study; write URL{_SEPARATOR}STUDY, or URL{_SEPARATOR} for all of them"
        )
    return head + at + place, separator, name


def labels(named: Sequence[StudyReference]) -> tuple[str, ...]:
    """A unique label for each study: its name, and its database if several studies have the name."""
    names = [each.name for each in named]
    files = [_file(each) for each in named]
    alone = len(set(zip(names, files, strict=True))) == len(named)
    places = files if alone else [each.database for each in named]
    return tuple(
        name if names.count(name) == 1 else f"{name} ({place})" for name, place in zip(names, places, strict=True)
    )


def _file(reference: StudyReference) -> str:
    return reference.database.rpartition("/")[2]
