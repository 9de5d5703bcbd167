"""Results of studies: files, plots, tables, reports."""
