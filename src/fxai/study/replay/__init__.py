"""Records the order of a study's decisions, and repeats a recorded order in another study.

The values of a trial depend only on its parameters and its seed. The sampler's proposals and the pruner's decisions
also depend on the reports and results received before them, and so on timing if there are several workers. A replay
asks each trial, decides each report and tells each result in the recorded order.
"""
