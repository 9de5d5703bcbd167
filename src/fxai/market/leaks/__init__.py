"""Tests whether columns and functions of bars use later bars. numpy only, on records in memory."""
