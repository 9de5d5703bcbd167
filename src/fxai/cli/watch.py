"""Shows a running study: as a live view on a terminal, as lines of text elsewhere, or only its warnings."""

import time
from collections.abc import Callable, Iterable

from rich.console import Console
from rich.live import Live

from fxai.cli.error_message import warning
from fxai.cli.live_layout import live_layout
from fxai.cli.output import print_log, print_text, shows_live_view
from fxai.cli.study_view import StudyView
from fxai.study.events import Notice, StudyEnded, StudyEvent, StudyOpened
from fxai.study.plain_lines import incidents_of, lines_of
from fxai.study.run import Watch

_SECONDS_BETWEEN_FRAMES = 0.25
_WRITING = "Writing the study's files and plots ..."  # takes some seconds


def choose_watch(console: Console, *, quiet: bool) -> Watch:
    """The function that shows a study on this console. With `quiet` it prints only warnings."""
    if quiet:
        return watch_quietly
    if shows_live_view(console):
        return lambda events: watch_live(events, console)
    return lambda events: watch_plainly(events, console)


def watch_live(
    events: Iterable[StudyEvent], console: Console, clock: Callable[[], float] = time.monotonic
) -> StudyEnded:
    """Show the live view until the study ends. Failures and notices are printed above it."""
    view: StudyView | None = None
    event: StudyEvent | None = None
    next_frame = float("-inf")
    # An event comes at least every half second, so frames are drawn between events, without a thread.
    with Live(console=console, auto_refresh=False, transient=True) as live:
        for event in events:
            now = clock()
            view = _next_view(view, event, now)
            print_text(console, *incidents_of(event))
            if view is not None and now >= next_frame:
                live.update(live_layout(view, now, console.options), refresh=True)
                next_frame = now + _SECONDS_BETWEEN_FRAMES
    print_text(console, _WRITING)
    return _end_of(event)


def watch_plainly(events: Iterable[StudyEvent], console: Console) -> StudyEnded:
    """Print one line for each important event, after the time."""
    opened: StudyOpened | None = None
    event: StudyEvent | None = None
    for event in events:
        opened = event if isinstance(event, StudyOpened) else opened
        print_log(console, *lines_of(event, opened))
    print_log(console, _WRITING)
    return _end_of(event)


def watch_quietly(events: Iterable[StudyEvent]) -> StudyEnded:
    """Print only warnings, on standard error."""
    event: StudyEvent | None = None
    for event in events:
        if isinstance(event, Notice) and event.warns:
            warning(event.message)
    return _end_of(event)


def _next_view(view: StudyView | None, event: StudyEvent, now: float) -> StudyView | None:
    if isinstance(event, StudyOpened):
        return StudyView.of(event, now)
    return None if view is None else view.after(event, now)


def _end_of(last: StudyEvent | None) -> StudyEnded:
    if not isinstance(last, StudyEnded):
        raise RuntimeError("the events of the study ended without StudyEnded")  # noqa: TRY004 (not an error of the caller)
    return last
