"""The section `data.features.order_book`: features of order-book snapshots."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from fxai.spec.fields.defaults import MAX_COUNT
from fxai.spec.fields.record import Record

Depth = Annotated[int, Field(ge=1, le=1000)]
Rows = Annotated[int, Field(ge=1, le=MAX_COUNT)]


class OrderBookConfig(Record):
    """Features of order-book snapshots, computed from a snapshot and earlier ones only. Windows are in bars.

    Only what is named here is computed.
    """

    depths: tuple[Depth, ...] = Field(
        default=(), description="numbers of levels over which the imbalance of bids and asks is measured"
    )
    spread: bool = Field(default=False, description="spread of best bid and ask as a fraction of the midpoint")
    microprice: bool = Field(
        default=False, description="distance of the size-weighted mean of best bid and ask from the midpoint"
    )
    order_flow_windows: tuple[Rows, ...] = Field(default=(), description="windows of the order flow imbalance")
    cancel_flow_windows: tuple[Rows, ...] = Field(
        default=(), description="windows of the imbalance of cancelled orders, over the levels of the largest of depths"
    )
    market_flow_windows: tuple[Rows, ...] = Field(default=(), description="windows of the imbalance of buys and sells")
    volatility_windows: tuple[Rows, ...] = Field(default=(), description="windows of the realized volatility")

    @property
    def has_features(self) -> bool:
        """Whether a feature is named."""
        return self != OrderBookConfig()

    @property
    def levels(self) -> int:
        """Number of levels of each side that the features need."""
        return max(self.depths, default=1)

    @property
    def longest_window(self) -> int:
        """Number of bars before a bar that the features depend on."""
        sums = (*self.cancel_flow_windows, *self.market_flow_windows)
        changes = (*self.order_flow_windows, *self.volatility_windows)
        return max((*changes, *(window - 1 for window in sums)), default=0)

    def columns_by_key(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the columns of the book that the features need, by the field that needs them."""
        if not self.has_features:
            return {}
        best = tuple(f"{side}_{kind}_0" for side in ("bids", "asks") for kind in ("distance", "notional"))
        sizes = _of_levels("notional", self.levels if self.depths else 0)
        cancelled = _of_levels("cancel_notional", self.levels) if self.cancel_flow_windows else ()
        traded = ("buys", "sells") if self.market_flow_windows else ()
        return {
            "depths": (*best, *sizes),
            "cancel_flow_windows": cancelled,
            "market_flow_windows": traded,
        }


def _of_levels(kind: str, levels: int) -> tuple[str, ...]:
    return tuple(f"{side}_{kind}_{level}" for side in ("bids", "asks") for level in range(levels))
