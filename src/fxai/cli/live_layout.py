"""Layout of the live view of a study: newest trial, workers, progress, best value.

The layout fits the terminal: rows without room are replaced by their number. Names and messages come from users
and their programs, so they are `Text`, never Rich markup.
"""

from collections.abc import Sequence

from rich import box
from rich.console import ConsoleOptions, Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from fxai.cli.study_view import StudyView, ViewedTrainings, ViewedTrial
from fxai.formatting import counted, figure, legible, runs, span
from fxai.pool import Activity

_OTHER_ROWS = 12  # heading, panel frame, progress, best value, blank lines
PROGRESS = "[Progress] "
_BAR_WIDTH = 40
_ROOM_FOR_WORDS = 42  # columns for the text after the bar; the bar keeps its width when the text changes
_GAP = 4  # columns between two columns of parameters


def live_layout(view: StudyView, now: float, options: ConsoleOptions) -> RenderableType:
    """The view for a terminal of this size."""
    width = options.max_width
    rows = max(options.size.height - _OTHER_ROWS, 4)
    trial = view.newest
    worker_rows = min(len(view.activity), max(rows // 3, rows - len(trial.params if trial else ()), 2))
    parts: list[RenderableType] = [_heading(view, now)]
    if trial is None and not view.ended_here and view.progress.finished < view.progress.total:
        parts.append(_line(Text("Starting the workers. The first trial begins when a worker is ready ...")))
    if view.trainings is not None:
        parts.append(Text(f"{view.trainings.now.purpose}: trials train again on fresh seeds", style="bold"))
    elif trial is not None:
        parts += [Text(f"Trial {trial.number}", style="bold"), _panel(trial, width, rows - worker_rows)]
    parts += [*_workers(view, now, worker_rows), Text(), *_progress(view, now, options), Text(), _best(view, options)]
    return Group(*parts)


def _heading(view: StudyView, now: float) -> Text:
    words = f"{view.direction} {view.metric}, {counted(view.workers, 'worker')}, {span(now - view.began)}"
    return _line(Text.assemble((legible(view.study), "bold cyan"), f": {words}"))


def _panel(trial: ViewedTrial, width: int, rows: int) -> RenderableType:
    lines = [f"  {legible(name)}: {figure(value)}" for name, value in trial.params.items()]
    content = Group(Text("Parameters:"), *_columns(lines, width - 4, rows))
    return Panel.fit(content, title="Trial Configuration", title_align="left", box=box.SQUARE)


def _columns(lines: Sequence[str], width: int, rows: int) -> Sequence[Text]:
    """The lines in one column; in several columns if there are too many rows, then cut with a count."""
    column_width = max(map(len, lines), default=0) + _GAP
    columns = max(min(width // column_width, -(-len(lines) // rows)), 1)
    height = min(-(-len(lines) // columns), rows)
    shown = lines if len(lines) <= height * columns else lines[: height * columns - 1]
    if len(shown) < len(lines):
        shown = [*shown, f"  ... and {len(lines) - len(shown)} more"]
    return [
        _line(Text("".join(part.ljust(column_width) for part in shown[row::height]).rstrip())) for row in range(height)
    ]


def _workers(view: StudyView, now: float, rows: int) -> Sequence[Text]:
    shown = view.activity if len(view.activity) <= rows else view.activity[: rows - 1]
    cells = [_cells(activity, view, now) for activity in shown]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    if len(shown) < len(view.activity):
        lines.append(f"... and {len(view.activity) - len(shown)} more")
    return [_line(Text(line)) for line in lines]


def _cells(activity: Activity, view: StudyView, now: float) -> tuple[str, ...]:
    """Worker, device, trials, their progress, and the numbers of several trials, which may be cut."""
    worker, device = f"worker {activity.worker}", legible(activity.device)
    trials = [view.running[number] for number in activity.trials if number in view.running]
    match activity.trials:
        case ():
            return worker, device, "idle", "", ""
        case (number,):
            progress = _progress_text(trials[0], activity.step, view, now) if trials else ""
            return worker, device, f"trial {number}", progress, ""
        case numbers:
            return worker, device, f"{len(numbers)} trials", _progress_text_of_all(trials, view), runs(numbers)


def _progress_text(trial: ViewedTrial, step: int | None, view: StudyView, now: float) -> str:
    newest_step = trial.step if step is None else step
    words = [span(now - trial.began)]
    if newest_step is not None:
        words.append(f"step {newest_step}")
    if trial.value is not None:
        words.append(f"{view.metric} {view.value_text(trial.value)}")
    return ", ".join(words)


def _progress_text_of_all(trials: Sequence[ViewedTrial], view: StudyView) -> str:
    """The range of the trials' latest steps, and the best value among their latest reports."""
    steps = [trial.step for trial in trials if trial.step is not None]
    values = [trial.value for trial in trials if trial.value is not None]
    words = []
    if steps:
        words.append(f"step {min(steps)}" if min(steps) == max(steps) else f"steps {min(steps)}-{max(steps)}")
    if values:
        best = max(values) if view.direction == "maximize" else min(values)
        words.append(f"best {view.metric} {view.value_text(best)}")
    return ", ".join(words)


def _progress(view: StudyView, now: float, options: ConsoleOptions) -> Sequence[Text]:
    if view.trainings is not None:
        return (_line(_progress_of_trainings(view.trainings, now, options)), _line(Text(_counts(view))))
    progress = view.progress
    share = min(progress.finished / progress.total, 1.0)  # a resumed study may have more trials than n_trials
    left = view.seconds_left(now)
    words = f" {int(100 * share)}% | {progress.finished}/{progress.total} trials | ETA: {span(left) if left else '-'}"
    bar = progress_bar(share, words, options)
    return _line(bar), _line(Text(f"{_counts(view)}, {len(view.running)} running"))


def _counts(view: StudyView) -> str:
    progress = view.progress
    return f"{' ' * len(PROGRESS)}{progress.complete} complete, {progress.pruned} pruned, {progress.failed} failed"


def _progress_of_trainings(trainings: ViewedTrainings, now: float, options: ConsoleOptions) -> Text:
    progress, left = trainings.now, trainings.seconds_left(now)
    done = f"{int(progress.done)}/{counted(progress.total, 'training')}"
    words = f" {int(100 * progress.share)}% | {done} | ETA: {span(left) if left else '-'}"
    return progress_bar(progress.share, words, options)


def progress_bar(share: float, words: str, options: ConsoleOptions) -> Text:
    """A progress bar, with text after it.

    Args:
        share: Done share, 0 to 1.
        words: Text after the bar.
        options: Width and encoding of the terminal.
    """
    width = max(min(options.max_width - len(PROGRESS) - _ROOM_FOR_WORDS, _BAR_WIDTH), 1)
    done = int(width * share)
    full, empty = ("#", "-") if options.ascii_only else ("█", "░")
    return Text.assemble(PROGRESS, (full * done, "green"), (empty * (width - done), "dim"), words)


def _best(view: StudyView, options: ConsoleOptions) -> Text:
    progress = view.progress
    where_from = "Current best value" if view.trainings is None else "Best value in the search"
    if progress.best_value is None:
        return Text(f"{where_from}: none yet")
    value = view.value_text(progress.best_value, progress.standard_error)
    shown = value.replace("±", "+-") if options.ascii_only else value
    of_front = "" if progress.front is None else f", {counted(progress.front, 'trial')} on the Pareto front"
    where = f" (trial {progress.best_trial}){of_front}"
    return _line(Text.assemble(f"{where_from}: ", (shown, "bold green"), where))


def _line(text: Text) -> Text:
    """Text that a narrow terminal cuts instead of wrapping it."""
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
