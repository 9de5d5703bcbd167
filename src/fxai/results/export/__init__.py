"""Export of a study as a folder for other programs and machines."""
