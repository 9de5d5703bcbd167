"""The reports of a trial of the user's own over all its runs, so that a resumed one need not repeat them."""

import contextlib
from collections.abc import Iterator

from fxai.protocol import Report, TrialPaths, TrialRequest, bounded_report
from fxai.protocol.identity import read_reports
from fxai.protocol.wire import to_line


class ReportLog:
    """Kept in a file, a line each.

    Code that goes on from its own checkpoint reports the steps that come after it; those before it are told
    again here, so that the pruner sees a whole curve. Code that begins anew reports all of them itself. The worker
    has seen to it that the file is this trial's (`fxai.protocol.identity`).
    """

    def __init__(self, request: TrialRequest) -> None:
        self._path = TrialPaths(request.directory).reports
        self._earlier = read_reports(self._path)
        self._path.unlink(missing_ok=True)
        self._last_step: int | None = None
        self._most_step = request.most_step
        self.last: Report | None = None  # as it was told, also where it is passed over

    def told(self, report: Report) -> Iterator[Report]:
        """The report, behind those of earlier runs that lie before it; one that is passed over is not kept."""
        if not report.passed_over:
            yield from self.before(report.step)
        bounded = bounded_report(report, self._last_step, self._most_step)
        yield bounded if bounded.passed_over else self._keep(bounded)
        self.last = report

    def before(self, step: float) -> Iterator[Report]:
        """Reports of earlier runs up to that step, each once."""
        earlier, self._earlier = self._earlier, []
        for report in earlier:
            if report.step < step:
                yield self._keep(report)

    def _keep(self, report: Report) -> Report:
        self.last = report
        self._last_step = report.step
        with contextlib.suppress(OSError), self._path.open("ab") as file:  # a full disk costs the file, not the trial
            file.write(to_line(report))
        return report
