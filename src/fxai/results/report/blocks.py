"""What a report consists of: sections, and in them text, facts, tables and charts, whatever the page makes of them."""

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
class Facts:
    """What something is called, and what it is."""

    kind: ClassVar = "facts"
    pairs: Sequence[tuple[str, str]]
    dense: bool = False  # many short ones, in columns


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; the columns of `numbers` stand at the right."""

    kind: ClassVar = "table"
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()
    stacked: bool = False  # on a phone, the cells of a row below each other


@dataclass(frozen=True, slots=True)
class Folded:
    """Long text, such as a traceback, that is shown when it is asked for."""

    kind: ClassVar = "folded"
    summary: str
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure under a name that no other of the report has."""

    kind: ClassVar = "chart"
    name: str
    figure: go.Figure
    title: str = ""
    subtitle: str = ""
    note: str = ""  # such as which trials it was drawn from

    @property
    def height(self) -> int:
        return least_height(self.figure)


@dataclass(frozen=True, slots=True)
class Charts:
    """Small figures side by side, as many as the page is wide."""

    kind: ClassVar = "charts"
    charts: Sequence[Chart]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chooser:
    """A chart of which the reader chooses the axes: any metric against any parameter."""

    kind: ClassVar = "chooser"
    parameters: Sequence[str]
    metrics: Sequence[str]
    data: JsonValue  # what the page's script draws from
    note: str = ""

    @property
    def json(self) -> Markup:
        return script_json(self.data)


@dataclass(frozen=True, slots=True)
class Absent:
    """Why there is nothing to see."""

    kind: ClassVar = "absent"
    reason: str


Block: TypeAlias = Text | Facts | Table | Folded | Chart | Charts | Chooser | Absent


@dataclass(frozen=True, slots=True)
class Section:
    """One subject of the report."""

    name: str
    title: str
    blocks: Sequence[Block]
    reading: str = ""  # how to read what is there


@dataclass(frozen=True, slots=True)
class Headline:
    """The finding, how it compares, and what speaks against it."""

    finding: str
    comparison: str = ""
    caution: str = ""


@dataclass(frozen=True, slots=True)
class NextStep:
    """One thing to do next, why, and what to type for it."""

    what: str
    why: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure that stands out."""

    title: str
    value: str
    below: str = ""


@dataclass(frozen=True, slots=True)
class ReportPage:
    """The report of one study."""

    study: str
    goals: Sequence[str]
    lead: Headline
    tiles: Sequence[Tile]
    steps: Sequence[NextStep]
    sections: Sequence[Section]
    folder: str  # in which its commands are to be run
    written: str  # by what and when

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
