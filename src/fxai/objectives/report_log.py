"""Log of a custom trial's reports over all its runs, so that a resumed trial need not repeat them."""

import contextlib
from collections.abc import Iterator

from fxai.protocol import Report, TrialPaths, TrialRequest, bounded_report
from fxai.protocol.identity import read_reports
from fxai.protocol.wire import to_line


class ReportLog:
    """Keeps the reports in a file, one per line.

    Code that resumes from its own checkpoint reports only the steps after the checkpoint. The log repeats the earlier
    steps, so that the pruner sees the whole curve. Code that starts from the beginning reports every step itself. The
    worker has checked that the file is of this trial (`fxai.protocol.identity`).
    """

    def __init__(self, request: TrialRequest) -> None:
        self._path = TrialPaths(request.directory).reports
        self._earlier = read_reports(self._path)
        self._path.unlink(missing_ok=True)
        self._last_step: int | None = None
        self._most_step = request.most_step
        self.last: Report | None = None  # as reported, also if it was passed over

    def add(self, report: Report) -> Iterator[Report]:
        """The reports of earlier runs before this step, then the report. One that is passed over is not kept."""
        if not report.passed_over:
            yield from self.before(report.step)
        bounded = bounded_report(report, self._last_step, self._most_step)
        yield bounded if bounded.passed_over else self._keep(bounded)
        self.last = report

    def before(self, step: float) -> Iterator[Report]:
        """Reports of earlier runs before that step, each once."""
        earlier, self._earlier = self._earlier, []
        for report in earlier:
            if report.step < step:
                yield self._keep(report)

    def _keep(self, report: Report) -> Report:
        self.last = report
        self._last_step = report.step
        with contextlib.suppress(OSError), self._path.open("ab") as file:  # an error of the file must not end the trial
            file.write(to_line(report))
        return report
