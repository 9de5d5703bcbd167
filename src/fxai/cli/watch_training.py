"""Shows a running training of `fxai train`: as a live view on a terminal, or as lines of text elsewhere."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.live import Live
from rich.text import Text

from fxai.cli.live_layout import progress_bar
from fxai.cli.output import print_log, print_text, shows_live_view
from fxai.formatting import legible, short_cause, span
from fxai.metric_text import number_text
from fxai.protocol import STANDARD_ERROR, Report, TrialResult, TrialState
from fxai.protocol.standard_error import mean, standard_error
from fxai.study.events import Notice
from fxai.study.train_agents import TrainingEvent

_SECONDS_BETWEEN_FRAMES = 0.25
_ERROR_OF_SEEDS = " (error of the seeds alone)"
_MOST_ROWS = 16  # seeds with a row of their own


@dataclass(frozen=True, slots=True)
class TrainingView:
    """State of the live view of a training."""

    name: str
    metric: str
    seeds: Mapping[int, int]  # by the number in events
    steps: int | None  # steps of each seed's training; None for custom code
    began: float  # seconds on the clock of the view
    trading: bool = False  # whether FxAI measures the metric
    first: Mapping[int, int] = field(default_factory=dict)  # first step in this run
    latest: Mapping[int, Report] = field(default_factory=dict)

    @classmethod
    def of(
        cls, name: str, metric: str, seeds: Mapping[int, int], steps: int | None, *, trading: bool
    ) -> "TrainingView":
        """The state at the start of a training."""
        return cls(name, metric, seeds, steps, time.monotonic(), trading)

    def value_text(self, value: float, error: float | None = None) -> str:
        """A value of the metric."""
        return number_text(self.metric, value, error, trading=self.trading)

    @property
    def unit(self) -> str:
        return "step" if self.steps is None else "update"

    def after(self, event: TrainingEvent) -> "TrainingView":
        if not isinstance(event, Report):
            return self
        first = {event.number: event.step, **self.first}
        return replace(self, first=first, latest={**self.latest, event.number: event})

    def share(self) -> float | None:
        """The done share of all steps, 0 to 1; None if their number is unknown."""
        if self.steps is None:
            return None
        return sum(report.step for report in self.latest.values()) / (self.steps * len(self.seeds))

    def seconds_left(self, now: float) -> float | None:
        """Estimated seconds to the end, from the speed since the first report of this run."""
        here = sum(report.step - self.first[number] for number, report in self.latest.items())
        if self.steps is None or not here:
            return None
        left = self.steps * len(self.seeds) - sum(report.step for report in self.latest.values())
        return (now - self.began) / here * left


def watch_training(
    events: Iterable[TrainingEvent],
    view: TrainingView,
    console: Console,
    *,
    quiet: bool,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[TrialResult, ...]:
    """Show the training until it ends. Returns the results of the ended seeds."""
    if quiet:
        return tuple(event for event in events if isinstance(event, TrialResult))
    if shows_live_view(console):
        return _watch_live(events, view, console, clock)
    results = []
    for event in events:
        print_log(console, *lines_of(event, view))
        if isinstance(event, TrialResult):
            results.append(event)
    return tuple(results)


def lines_of(event: TrainingEvent, view: TrainingView) -> Sequence[str]:
    """Lines of text about an event."""
    match event:
        case Report():
            seed = f"Seed {view.seeds[event.number]}, " if len(view.seeds) > 1 else ""
            place = f"{view.unit} {event.step}" + ("" if view.steps is None else f" of {view.steps}")
            words = f"{seed}{place}"
            return (f"{words[0].upper()}{words[1:]}: {view.metric} {view.value_text(event.value)}",)
        case _:
            return incidents_of(event, view)


def incidents_of(event: TrainingEvent, view: TrainingView) -> Sequence[str]:
    """Lines about notices and failures, which the live view prints too."""
    match event:
        case Notice(message):
            return (legible(message),)
        case TrialResult(state=TrialState.FAIL):
            why = event.error.message if event.error else "no reason given"
            return (f"Seed {view.seeds[event.number]} failed: {short_cause(why)}",)
        case _:
            return ()


def _watch_live(
    events: Iterable[TrainingEvent], view: TrainingView, console: Console, clock: Callable[[], float]
) -> tuple[TrialResult, ...]:
    results: list[TrialResult] = []
    next_frame = float("-inf")
    with Live(console=console, auto_refresh=False, transient=True) as live:
        for event in events:
            now = clock()
            view = view.after(event)
            print_text(console, *incidents_of(event, view))
            if isinstance(event, TrialResult):
                results.append(event)
            if now >= next_frame:
                live.update(training_layout(view, now, console.options), refresh=True)
                next_frame = now + _SECONDS_BETWEEN_FRAMES
    return tuple(results)


def training_layout(view: TrainingView, now: float, options: ConsoleOptions) -> RenderableType:
    """The live view for a terminal."""
    heading = Text.assemble((legible(view.name), "bold cyan"), f": {legible(view.metric)}, {span(now - view.began)}")
    rows = [Text(f"  seed {seed}  {_where(view, number)}") for number, seed in list(view.seeds.items())[:_MOST_ROWS]]
    if len(view.seeds) > _MOST_ROWS:
        rows.append(Text(f"  ... and {len(view.seeds) - _MOST_ROWS} more"))
    return Group(heading, *rows, *_progress(view, now, options), *_mean(view, options))


def _where(view: TrainingView, number: int) -> str:
    report = view.latest.get(number)
    if report is None:
        return "no report yet"
    error = report.metrics.get(STANDARD_ERROR)
    return f"{view.unit} {report.step}  {legible(view.metric)} {view.value_text(report.value, error)}"


def _progress(view: TrainingView, now: float, options: ConsoleOptions) -> Sequence[Text]:
    share = view.share()
    if share is None:
        return ()
    left = view.seconds_left(now)
    return (progress_bar(share, f" {int(100 * share)}% | ETA: {'-' if left is None else span(left)}", options),)


def _mean(view: TrainingView, options: ConsoleOptions) -> Sequence[Text]:
    values = [report.value for report in view.latest.values()]
    if len(view.seeds) == 1 or not values:
        return ()
    error = standard_error(values) if len(values) > 1 else None
    value = view.value_text(mean(values), error)
    if options.ascii_only:
        value = value.replace("±", "+-")
    return (
        Text(
            f"Mean over {len(values)} of {len(view.seeds)} seeds: {value}{_ERROR_OF_SEEDS if len(values) > 1 else ''}"
        ),
    )
