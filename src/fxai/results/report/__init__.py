"""The report of a study: what was searched, what was found, what to do next, on one page."""
