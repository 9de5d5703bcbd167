"""The specs that FxAI ships. In the wheel this folder is the package `fxai.config`."""
