"""Returns, trades and metrics of positions on the bars of a market."""
