"""The Python API: the names that `fxai` exports, thin over what the commands use too."""
