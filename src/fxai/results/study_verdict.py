"""The verdict on a study's best trial, as `verdict.json` holds it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from fxai.atomic_write import write_text
from fxai.errors import InputError
from fxai.evaluation.instrument_figures import InstrumentFigures
from fxai.evaluation.json_record import record_of_json
from fxai.evaluation.model_knowledge import ModelKnowledge
from fxai.evaluation.neighbourhood import Neighbourhood
from fxai.evaluation.neighbourhood_words import neighbourhood_sentences
from fxai.evaluation.selection import Selection
from fxai.evaluation.verdict import Verdict
from fxai.evaluation.verdict_word import word_text
from fxai.evaluation.verdict_words import sentences

FORMAT = "fxai study verdict 1"
_OPTIONAL = ("instruments", "knowledge")  # fields that a document may lack


@dataclass(frozen=True, slots=True)
class StudyVerdict:
    """A verdict with what was judged, and on which bars."""

    study: str
    study_key: str
    trial: int  # that is judged
    default: int
    seeds: tuple[int, ...]  # of the members of both committees
    data: str  # name of the data
    data_hash: str
    split: str  # test, or all bars of other data
    first: str  # open of the first bar, ISO 8601, UTC
    last: str
    judged: str  # when the verdict was written, ISO 8601, UTC
    verdict: Verdict
    selection: Selection  # of the trial, on the validation bars; decides nothing
    neighbourhood: Neighbourhood | None = (
        None  # of the trial; None without it, and then `verdict.missing` has the reason
    )
    instruments: tuple[InstrumentFigures, ...] = ()  # of data with several; the portfolio of all is judged
    knowledge: ModelKnowledge | None = None  # of a language model that may have read what came next

    @property
    def word_text(self) -> str:
        """The word for people."""
        return word_text(self.verdict.word, weakened=self.knowledge is not None)

    def sentences(self) -> tuple[str, ...]:
        """The verdict and the neighbourhood for people."""
        word, *further = sentences(self.verdict)
        weakened = () if self.knowledge is None else (self.knowledge.sentence,)
        return word, *weakened, *further, *neighbourhood_sentences(self.neighbourhood, self.trial)

    def as_json(self) -> dict[str, JsonValue]:
        """Plain data for `from_json`."""
        parts: dict[str, JsonValue] = {
            "verdict": self.verdict.as_json(),
            "selection": self.selection.as_json(),
            "neighbourhood": None if self.neighbourhood is None else self.neighbourhood.as_json(),
        }
        if self.instruments:
            parts["instruments"] = [asdict(each) for each in self.instruments]
        if self.knowledge is not None:
            parts["knowledge"] = asdict(self.knowledge)
        left_out = {*parts, "seeds", *_OPTIONAL}
        own = {name: getattr(self, name) for name in self.__slots__ if name not in left_out}
        return {"format": FORMAT, **own, "seeds": list(self.seeds), **parts}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "StudyVerdict":
        """Inverse of `as_json`.

        Raises:
            InputError: If the document is not a verdict of this version.
        """
        if document.get("format") != FORMAT:
            raise InputError(f"this is not a verdict of this version of FxAI; its format is {document.get('format')!r}")
        try:
            own = {name: document[name] for name in cls.__slots__ if name not in _OPTIONAL}
        except KeyError as error:
            raise InputError(f"the verdict has no {error.args[0]}") from None
        near, knowledge = own["neighbourhood"], document.get("knowledge")
        parts = {
            "verdict": Verdict.from_json(own["verdict"]),
            "selection": Selection.from_json(own["selection"]),
            "neighbourhood": None if near is None else Neighbourhood.from_json(near),
            "instruments": tuple(_instrument(each) for each in document.get("instruments", ())),
            "knowledge": None if knowledge is None else record_of_json(ModelKnowledge, knowledge, "model's knowledge"),
        }
        return cls(**{**own, "seeds": tuple(own["seeds"]), **parts})

    def write(self, path: Path) -> None:
        """Write or replace the file.

        Raises:
            FxaiError: The file cannot be written.
        """
        write_text(path, json.dumps(self.as_json(), indent=2, allow_nan=False) + "\n")


def _instrument(document: Mapping[str, Any]) -> InstrumentFigures:
    return record_of_json(InstrumentFigures, document, "verdict's figures of an instrument")


def read_study_verdict(path: Path) -> StudyVerdict | None:
    """The verdict of a file; None if there is no file.

    Raises:
        InputError: The file cannot be read as a verdict.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as a verdict: {error}") from error
    if not isinstance(document, dict):
        raise InputError(f"{path} is not a verdict")
    try:
        return StudyVerdict.from_json(document)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
