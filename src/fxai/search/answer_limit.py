"""Gives up a PostgreSQL server that does not answer, as PyMySQL does with its option `read_timeout`.

A server that is frozen keeps its connections, and its kernel confirms every packet. So neither TCP's limits nor
PostgreSQL's `statement_timeout`, which the server itself keeps, ends the wait of a client.
"""

import time
from collections.abc import Callable, Generator
from typing import Any, Final

from sqlalchemy import event

READ_TIMEOUT: Final = "read_timeout"
"""Option of a connection: seconds without a byte of the server. PyMySQL has it; this module adds it to psycopg."""


def limit_answers() -> None:
    """Give connections of psycopg the option `READ_TIMEOUT`. Connections without the option are unchanged."""
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg  # noqa: PLC0415 - of one kind of database

    if not event.contains(PGDialect_psycopg, "do_connect", _connect):
        event.listen(PGDialect_psycopg, "do_connect", _connect)


def _connect(_dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]) -> object:
    """Open connections that have the option with the limit; None leaves other connections to SQLAlchemy."""
    if READ_TIMEOUT not in options:
        return None
    seconds = float(options.pop(READ_TIMEOUT))
    import psycopg  # noqa: PLC0415 - of an extra

    class AnsweredConnection(psycopg.Connection[Any]):
        """Ends itself when the server is silent for `seconds` during a statement."""

        def wait(self, gen: Any, *args: Any, **options: Any) -> Any:
            return super().wait(answered(gen, seconds, self._give_up), *args, **options)

        def _give_up(self) -> None:
            self.pgconn.finish()
            raise psycopg.OperationalError(f"the server timed out: it does not answer for {seconds:g} seconds")

    return AnsweredConnection.connect(*arguments, **options)


def answered(
    waiting: Generator[Any, Any, Any], seconds: float, give_up: Callable[[], None]
) -> Generator[Any, Any, Any]:
    """A generator of psycopg, which receives the readiness of its socket, or 0 after each interval without any.

    Calls `give_up`, which raises, when the socket is not ready for `seconds`.
    """
    last = time.monotonic()
    try:
        wanted = next(waiting)
        while True:
            ready = yield wanted
            now = time.monotonic()
            if ready:
                last = now
            elif now - last > seconds:
                give_up()
            wanted = waiting.send(ready)
    except StopIteration as end:
        return end.value
