"""The channels between a pool in the parent and its hosts, whatever carries the messages."""

from collections.abc import Sequence
from typing import Protocol

from fxai.pool.remote.messages import FromHost, ToHost


class HostLink(Protocol):
    """The parent's channel to one host. Its methods do not wait, except `wait`."""

    @property
    def name(self) -> str:
        """Name or address for messages to the user until the host has sent its own."""
        ...

    @property
    def lost(self) -> str | None:
        """Why the host is lost, as a clause: "it closed the connection". None if it is not.

        `received` returns the messages that came before. Read `lost` first, then `received`.
        """
        ...

    def send(self, message: ToHost) -> None:
        """Send a message. A message to a lost host is dropped."""
        ...

    def received(self) -> Sequence[FromHost]:
        """The messages since the last call."""
        ...

    def end(self) -> None:
        """Have the host ended after the messages that were sent; the source then has the link no more."""
        ...

    def wait(self) -> None:
        """Wait until the host has ended, some seconds at most."""
        ...


class HostSource(Protocol):
    """The hosts of a pool. Hosts join and are lost while the pool is open."""

    def links(self) -> Sequence[HostLink]:
        """The hosts that have joined, in this order, and were not ended by the pool. Lost hosts are among them."""
        ...

    def wait(self, timeout: float) -> None:
        """Wait until a host has joined, has sent something or is lost, `timeout` seconds at most."""
        ...

    def close(self) -> None:
        """Let no further host join. The pool has ended all hosts before."""
        ...
