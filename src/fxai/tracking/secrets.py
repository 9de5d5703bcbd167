"""Keeping secrets out of what is printed and logged: messages of trackers may quote addresses and keys."""

import os
import re

_SECRETS = ("WANDB_API_KEY", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
_IN_ADDRESS = re.compile(r"(?<=://)[^/\s]\S*(?=@)")  # up to the last @: a password may hold any character


def without_secrets(text: str) -> str:
    """The text with the user's secrets, and user and password in any address, left out."""
    for name in _SECRETS:
        if value := os.environ.get(name):
            text = text.replace(value, f"${name}")
    return _IN_ADDRESS.sub("***", text)
