"""Checks between the fields of a study, and the warnings of `fxai check`."""
