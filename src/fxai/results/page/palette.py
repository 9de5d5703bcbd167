"""Colours of figures on light and dark pages.

Figures are made with the light colours. On a dark page the page's script replaces them by `DARK`. A colour that is
not listed here is the same on both.
"""

from typing import Final

BEST: Final = "#12304a"
COMPLETE: Final = "#2a7ab9"
PRUNED: Final = "#e8a33d"
FAILED: Final = "#c8453b"
RUNNING: Final = "#4c9f6b"
OTHER: Final = "#9aa7b3"
FAINT: Final = "#d5dde4"

STATES: Final = {"COMPLETE": COMPLETE, "PRUNED": PRUNED, "FAIL": FAILED, "RUNNING": RUNNING}
SERIES: Final = (COMPLETE, PRUNED, RUNNING, FAILED, BEST, OTHER)
SCALE: Final = ("#e9f1f8", "#b7d4ec", "#74add9", COMPLETE, BEST)  # of areas, from worst to best
MARKS: Final = ("#5c97c8", "#4389c1", COMPLETE, "#1f5885", BEST)  # of points and lines: each stands out from the page

DARK: Final = {
    BEST: "#e4f0fa",
    COMPLETE: "#5aa9e6",
    PRUNED: "#f0b65a",
    FAILED: "#ef7a70",
    RUNNING: "#6cc48d",
    OTHER: "#7d8b98",
    FAINT: "#34414d",
    "#e9f1f8": "#17242f",
    "#b7d4ec": "#1d4059",
    "#74add9": "#2b6ea3",
    "#5c97c8": "#37759f",
    "#4389c1": "#478ec3",
    "#1f5885": "#9fcdf0",
}
