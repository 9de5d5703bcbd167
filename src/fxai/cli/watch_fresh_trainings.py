"""Shows the trainings on fresh seeds of `fxai verdict`: a progress bar on a terminal, elsewhere only the warnings."""

import time
from collections.abc import Callable, Iterable

from rich.console import Console
from rich.live import Live

from fxai.cli.error_message import warning
from fxai.cli.live_layout import progress_bar
from fxai.cli.output import shows_live_view
from fxai.formatting import span
from fxai.study.events import FreshTrainingsProgressed, Notice, StudyEvent

_SECONDS_BETWEEN_FRAMES = 0.25


def watch_fresh_trainings(
    events: Iterable[StudyEvent], console: Console, *, quiet: bool, clock: Callable[[], float] = time.monotonic
) -> None:
    """Show the trainings until they end. Warnings go to standard error, with `quiet` too."""
    began = clock()
    next_frame = float("-inf")
    shows_bar = not quiet and shows_live_view(console)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        for event in events:
            if isinstance(event, Notice):
                warning(event.message)
            elif shows_bar and isinstance(event, FreshTrainingsProgressed) and clock() >= next_frame:
                words = f" {int(100 * event.share)}% of {event.total} trainings, {span(clock() - began)}"
                live.update(progress_bar(event.share, words, console.options), refresh=True)
                next_frame = clock() + _SECONDS_BETWEEN_FRAMES
