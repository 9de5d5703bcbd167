"""Results at a URL: a local folder that is the working copy of a store, and what keeps both the same."""
