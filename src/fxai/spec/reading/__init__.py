"""Reads specs: files and flags to records, with `extends`, presets, overrides and the JSON Schema."""
