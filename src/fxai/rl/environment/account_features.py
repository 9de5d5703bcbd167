"""The columns of an observation that describe the account; see `market_view`."""

ACCOUNT_FEATURES = ("position", "gain", "held", "drawdown")
HALF_HELD = 24.0  # bars after which the feature of the holding time is one half
