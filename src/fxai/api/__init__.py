"""The Python API: the names that `fxai` exports, thin over the functions that the commands use."""
