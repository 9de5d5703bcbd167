"""A process that ignores SIGTERM until its supervisor closes the control socket, and its children."""

import signal
import socket
import subprocess
import sys

from child_process import ChildProcess
from fxai.sigterm import seconds_since_sigterm

CHILD = """
import os, signal, socket, subprocess, sys, time
from fxai.sigterm import ignore_sigterm, seconds_since_sigterm

control = socket.socket(fileno=int(sys.argv[1]))
ignore_sigterm(control)
never = seconds_since_sigterm()
os.kill(os.getpid(), signal.SIGTERM)
read, write = os.pipe()
forked = os.fork()
if not forked:
    os.write(write, b"x")
    signal.pause()
os.read(read, 1)  # a signal that arrives while the process forks could be lost
program = subprocess.Popen(["sleep", "60"])
os.kill(forked, signal.SIGTERM)
program.terminate()
print(never, seconds_since_sigterm() < 60, -os.waitpid(forked, 0)[1], program.wait(), flush=True)
while True:
    time.sleep(0.05)  # `pause` would miss a signal that arrives just before it
"""


def test_it_ends_only_after_the_control_socket_is_closed_and_its_children_end_at_once() -> None:
    near, far = socket.socketpair()
    command = [sys.executable, "-c", CHILD, str(far.fileno())]
    with ChildProcess(command, stdout=subprocess.PIPE, text=True, pass_fds=[far.fileno()]) as child:
        assert child.stdout is not None
        assert child.stdout.readline().split() == ["inf", "True", str(-signal.SIGTERM), str(-signal.SIGTERM)]
        child.terminate()
        near.shutdown(socket.SHUT_WR)
        child.terminate()
        try:
            assert child.wait(60) == -signal.SIGTERM
        finally:
            child.kill()


def test_a_process_without_sigterm_has_never_ignored_it() -> None:
    assert seconds_since_sigterm() == float("inf")
