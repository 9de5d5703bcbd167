"""Prices, features, splits, the rules of trading, and performance. numpy and pandas, no torch."""
