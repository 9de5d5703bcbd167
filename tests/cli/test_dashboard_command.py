"""`fxai dashboard` from start to Ctrl-C."""

import signal
import subprocess
import sys
import urllib.request

from child_process import ChildProcess


def test_it_says_where_it_is_and_ends_on_ctrl_c(stored_study: str) -> None:
    program = [sys.executable, "-c", "from fxai.cli.app import main; main()", "--dashboard", "--port", "0"]
    with ChildProcess(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith("Dashboard: http://localhost:"), line
        with urllib.request.urlopen(f"{line.split()[1]}/api/studies") as answer:  # noqa: S310 (our own server)
            assert stored_study in answer.read().decode()
        server.send_signal(signal.SIGINT)
        _, err = server.communicate()
    assert (server.returncode, err) == (0, "")
