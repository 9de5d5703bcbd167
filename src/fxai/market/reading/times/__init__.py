"""Converts the timestamps of a file to UTC."""
