"""Market data and trading: prices, features, splits, rules of trading, performance. Uses numpy and pandas, no torch."""
