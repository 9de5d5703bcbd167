"""What a study leaves behind: files, plots, tables."""
