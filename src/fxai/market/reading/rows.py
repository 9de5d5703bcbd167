"""Names rows of a file in messages."""

from collections.abc import Sequence

NAMED = 5
"""Number of rows that a message lists."""


def row_names(rows: Sequence[int], count: int | None = None) -> str:
    """`row 5`, or `rows 2, 3, 4, 5, 6 and 55 more`.

    Args:
        rows: Row numbers; at most `NAMED` are listed.
        count: Number of all rows, if `rows` are only the first of them.
    """
    count = len(rows) if count is None else count
    named = ", ".join(map(str, rows[:NAMED]))
    more = f" and {count - NAMED} more" if count > NAMED else ""
    return f"row {named}" if count == 1 else f"rows {named}{more}"
