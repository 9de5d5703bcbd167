"""From YAML to frozen, validated records. No Optuna, no torch."""
