"""The specs that travel with FxAI; in the wheel this folder is the package `fxai.config`."""
