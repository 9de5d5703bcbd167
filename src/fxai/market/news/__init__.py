"""News of instruments, the decisions that read it, and the scores of their signals."""
