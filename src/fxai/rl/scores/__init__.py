"""Scores on the bars of spans: episodes, steps by compiled loops, and metrics. It loads no torch."""
