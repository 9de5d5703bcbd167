"""The report page of a study: result, next steps, plots, settings."""
