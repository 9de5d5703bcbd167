"""The verdict on a study's best trial, as every surface shows it.

Reads `verdict.json` without what computes a verdict, so that `status`, `best` and `results` load no SciPy.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from fxai.errors import InputError
from fxai.evaluation.verdict_word import CAUTION, VerdictWord, noun, word_text
from fxai.evaluation.verdict_words import earlier_verdict, headline, no_verdict
from fxai.results.paths import StudyPaths, folder_fault
from fxai.search.study_traits import UNKNOWN_STUDY, StudyTraits


@dataclass(frozen=True, slots=True)
class VerdictNote:
    """A verdict in a few fields; `verdict.json` has all of them."""

    word: VerdictWord
    trial: int
    bars: int
    data: str  # name of the data
    split: str
    first: str  # open of the first bar, ISO 8601, UTC
    last: str
    judged: str  # when the verdict was written, ISO 8601, UTC
    caution: str = ""  # why the word says less; empty for most verdicts

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "VerdictNote":
        """Read the content of `verdict.json`. Raises `KeyError`, `TypeError` or `ValueError` for other content."""
        of = document["verdict"]
        own = {name: document[name] for name in cls.__slots__ if name not in {"word", "bars", "caution"}}
        caution = "" if document.get("knowledge") is None else CAUTION
        return cls(word=VerdictWord(of["word"]), bars=int(of["bars"]), caution=caution, **own)

    @property
    def text(self) -> str:
        """The word for people."""
        return word_text(self.word, weakened=bool(self.caution))

    def as_json(self) -> dict[str, JsonValue]:
        return {name: value for name, value in asdict(self).items() if value or name != "caution"}


@dataclass(frozen=True, slots=True)
class BestVerdict:
    """The verdict on a study's best trial on the test split, or why there is none."""

    best: int | None = None  # number of the best trial
    traits: StudyTraits = UNKNOWN_STUDY
    note: VerdictNote | None = None  # the last verdict of the study, which may be on another trial
    fault: str = ""  # why `verdict.json` cannot be read
    path: Path | None = None  # of `verdict.json`

    @classmethod
    def of(cls, name: str, traits: StudyTraits, best: int | None, results_dir: Path) -> "BestVerdict":
        """Read the verdict of a study in a folder of results. The folder may have another study of this name."""
        if best is None or folder_fault(name):
            return cls(best, traits)
        path = StudyPaths(results_dir, name).verdict
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            if document["study_key"] != traits.key:
                return cls(best, traits)
            return cls(best, traits, VerdictNote.of(document), path=path)
        except FileNotFoundError:
            return cls(best, traits)
        except (OSError, ValueError, TypeError, KeyError) as error:
            return cls(best, traits, fault=f"{path} cannot be read as a verdict: {error!r}")

    @property
    def current(self) -> VerdictNote | None:
        """The verdict on the best trial; None without one, and if the last verdict is on another trial."""
        return self.note if self.note is not None and self.note.trial == self.best else None

    @property
    def headline(self) -> str:
        """The verdict on the best trial in a line; empty without one."""
        return "" if self.current is None else headline(self.current.text, self.current.bars)

    @property
    def noun(self) -> str:
        """What texts call the best trial."""
        return noun(None if self.current is None else self.current.word)

    @property
    def is_missing(self) -> bool:
        """Whether `fxai verdict` can judge the best trial, and has not."""
        return self.best is not None and self.traits.may_be_judged and self.current is None

    def as_json(self) -> dict[str, JsonValue] | None:
        """The verdict on the best trial; None if there is none."""
        return None if self.current is None else self.current.as_json()

    def sentences(self) -> tuple[str, ...]:
        """The verdict with the figures that decided it, or why there is none; empty for custom code without one."""
        if self.current is not None and self.path is not None:
            from fxai.results.study_verdict import read_study_verdict  # noqa: PLC0415 - SciPy is slow to load

            try:
                found = read_study_verdict(self.path)
            except InputError as error:
                return (f"{error}.",)
            return () if found is None else found.sentences()
        if self.fault:
            return (f"{self.fault}.",)
        missing = no_verdict(has_test_split=self.traits.may_be_judged)
        if self.best is None or not self.traits.trading:
            return ()
        if self.note is None:
            return (missing,)
        return earlier_verdict(self.note.text, self.note.trial, self.best), missing


NO_VERDICT = BestVerdict()
