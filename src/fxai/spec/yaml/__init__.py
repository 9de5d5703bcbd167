"""YAML values with their files and lines."""
