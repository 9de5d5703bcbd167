"""Trackers that behave oddly, started as the real one is; the welcome names the way."""

import faulthandler
import os
import signal
import socket
import sys
import time

from fxai.protocol.tracker_messages import TrackerMessage, TrackerWelcome
from fxai.protocol.wire import from_line, to_line


def serve(channel: socket.socket) -> None:
    lines = channel.makefile("rb")
    match from_line(TrackerWelcome, lines.readline()).tracker:
        case "hangs":
            sys.stdout.write("now it hangs\n")
            sys.stdout.flush()
            time.sleep(1000)
        case "dies":
            lines.readline()
            os.kill(os.getpid(), signal.SIGKILL)
        case "babbles":
            channel.sendall(b"hello\n")
            time.sleep(1000)
        case "works":
            for processed, _ in enumerate(lines, 1):
                channel.sendall(to_line(TrackerMessage(processed, 0)))


if __name__ == "__main__":
    faulthandler.register(signal.SIGUSR1)
    serve(socket.socket(fileno=int(sys.argv[1])))
