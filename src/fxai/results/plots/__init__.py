"""What a study looks like: the figures of its trials, and the pages that the guide names."""
