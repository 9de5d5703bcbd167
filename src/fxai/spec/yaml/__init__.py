"""YAML as nodes that know their file and line."""
