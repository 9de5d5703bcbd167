"""The scores of an ensemble, of each member alone, and of simple strategies, as rows of a table."""

from collections.abc import Mapping, Sequence

from fxai.market.scores.track_record import TrackRecord
from fxai.metric_text import number_text

_COLUMNS = ("mean_reward", "total_return", "sharpe", "max_drawdown", "romad", "win_rate")

HEADINGS = ("Alone on the same bars", *_COLUMNS)


def member_rows(record: TrackRecord) -> Sequence[tuple[str, ...]]:
    """The rows of the table: the ensemble, its members, the strategies; none for other agents."""
    if not record.member_metrics:
        return ()
    compared = {"ensemble": record.metrics, **record.member_metrics}
    compared |= {name.replace("_", " "): metrics for name, metrics in record.baseline_metrics.items()}
    return [(name, *_cells(metrics)) for name, metrics in compared.items()]


def _cells(metrics: Mapping[str, float]) -> list[str]:
    return [number_text(name, metrics[name], trading=True) if name in metrics else "" for name in _COLUMNS]
