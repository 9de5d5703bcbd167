"""Finds the worker among the processes that a test has started."""

import os

import psutil


def worker_process() -> int:
    """The ID of the only worker process: a Python process without children below a supervisor.

    Other tests of the same process may have left a database server running.
    """
    found = psutil.Process().children(recursive=True)
    workers = [each for each in found if "fxai.worker.main" in words_of(each) and each.ppid() != os.getpid()]
    (worker,) = [each for each in workers if not each.children()]
    return int(worker.pid)


def words_of(process: psutil.Process) -> list[str]:
    """The command line of a process. Empty for one that has ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []
