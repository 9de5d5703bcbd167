"""The records of `fxai.protocol` under the name that objectives of earlier releases import."""

from fxai.protocol import *  # noqa: F403
