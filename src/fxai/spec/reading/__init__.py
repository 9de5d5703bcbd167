"""From files and flags to records: includes, presets, overrides, fingerprint, schema."""
