"""Checks that need more than one field of a study, and the advice of `fxai check`."""
