"""Run by test_orphans: a parent with two busy workers that reads its stdin to the end, then returns."""

import json
import sys
from pathlib import Path

from drive_workers import request_for
from fxai.pool import LocalPool
from fxai.protocol import Decision, Report, Slot


def main(folder: Path) -> None:
    workers = LocalPool([Slot(0), Slot(1)], folder)
    workers.submit(request_for("has_children", 1, folder))
    workers.submit(request_for("hangs_ignoring_sigterm", 2, folder))
    pids: list[int] = []
    while len(pids) < 2:
        for event in workers.events(1.0):
            if isinstance(event, Report):
                pids.append(int(event.metrics.get("worker", event.value)))
                workers.answer(event.number, Decision.CONTINUE)
    sys.stdout.write(json.dumps(pids) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
