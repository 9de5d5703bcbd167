"""Reads bars from files and data frames: bytes to a table, its columns, times and numbers, checks, order."""
