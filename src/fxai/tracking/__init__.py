"""Where a study's trials are recorded besides its own files: Weights & Biases and MLflow.

Each tracker is a process of its own below a supervisor, fed over a socket: neither its imports nor its hanging
reaches the study, and what it cannot take is left out and said once.
"""

from fxai.protocol.tracker_messages import (
    StudyBeganMessage,
    StudyEndedMessage,
    StudyMessage,
    TrialBeganMessage,
    TrialEndedMessage,
)
from fxai.tracking.tracker_process import TrackerProcess
from fxai.tracking.trackers import check_trackers, open_trackers, tracker_names

__all__ = [
    "StudyBeganMessage",
    "StudyEndedMessage",
    "StudyMessage",
    "TrackerProcess",
    "TrialBeganMessage",
    "TrialEndedMessage",
    "check_trackers",
    "open_trackers",
    "tracker_names",
]
