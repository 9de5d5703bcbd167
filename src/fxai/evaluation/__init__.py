"""Statistics on the results of a study: errors, confirmation, verdict.

Functions of arrays and frozen records. Nothing here trains an agent, opens a study or reads a file.
"""
