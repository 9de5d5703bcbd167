"""Content of a report: sections with text, facts, tables and charts. The page's templates lay them out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import plotly.graph_objects as go
from markupsafe import Markup
from pydantic import JsonValue

from fxai.results.page.render import least_height, script_json


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    kind: ClassVar = "text"
    text: str


@dataclass(frozen=True, slots=True)
class KeySentence:
    """A paragraph in large type: the result in one sentence."""

    kind: ClassVar = "key_sentence"
    text: str


@dataclass(frozen=True, slots=True)
class Points:
    """Short sentences, one below the other."""

    kind: ClassVar = "points"
    sentences: Sequence[str]


@dataclass(frozen=True, slots=True)
class Command:
    """A shell command that the reader can copy."""

    kind: ClassVar = "command"
    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with values."""

    kind: ClassVar = "facts"
    pairs: Sequence[tuple[str, str]]
    dense: bool = False  # in columns, for many short pairs


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings. `numbers` are the indices of right-aligned columns."""

    kind: ClassVar = "table"
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()
    stacked: bool = False  # on a narrow screen, the cells of a row are below each other


@dataclass(frozen=True, slots=True)
class Folded:
    """Long text, such as a traceback, that the reader can unfold."""

    kind: ClassVar = "folded"
    summary: str
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure with a name that is unique in the report."""

    kind: ClassVar = "chart"
    name: str
    figure: go.Figure
    title: str = ""
    subtitle: str = ""
    note: str = ""  # for example which trials are drawn

    @property
    def height(self) -> int:
        return least_height(self.figure)


@dataclass(frozen=True, slots=True)
class Charts:
    """Small figures side by side."""

    kind: ClassVar = "charts"
    charts: Sequence[Chart]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chooser:
    """A chart whose metric and parameter the reader chooses."""

    kind: ClassVar = "chooser"
    parameters: Sequence[str]
    metrics: Sequence[str]
    data: JsonValue  # for the page's script
    note: str = ""

    @property
    def json(self) -> Markup:
        return script_json(self.data)


@dataclass(frozen=True, slots=True)
class Absent:
    """The reason why a section is empty."""

    kind: ClassVar = "absent"
    reason: str


Block: TypeAlias = Text | KeySentence | Points | Command | Facts | Table | Folded | Chart | Charts | Chooser | Absent


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the report."""

    name: str
    title: str
    blocks: Sequence[Block]
    reading: str = ""  # how to read the section


@dataclass(frozen=True, slots=True)
class Headline:
    """The result, its comparison with trial 0, and its limits."""

    finding: str
    comparison: str = ""
    caution: str = ""


@dataclass(frozen=True, slots=True)
class NextStep:
    """One next step: what to do, the reason, and the command."""

    what: str
    why: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One key figure."""

    title: str
    value: str
    below: str = ""


@dataclass(frozen=True, slots=True)
class ReportPage:
    """The report of one study."""

    study: str
    goals: Sequence[str]
    headline: Headline
    tiles: Sequence[Tile]
    steps: Sequence[NextStep]
    verdict: Section | None  # with it the report opens; None for custom code
    sections: Sequence[Section]
    folder: str  # where its commands are run
    written: str  # version and time
    errors: str = ""  # what the ± of the values holds; empty if no value has one

    @property
    def figures(self) -> dict[str, go.Figure]:
        """All figures by their names."""
        found: dict[str, go.Figure] = {}
        for block in (block for section in self.sections for block in section.blocks):
            match block:
                case Chart(name=name, figure=figure):
                    found[name] = figure
                case Charts(charts=charts):
                    found |= {chart.name: chart.figure for chart in charts}
        return found
