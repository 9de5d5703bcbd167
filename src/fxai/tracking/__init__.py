"""Records a study's trials in Weights & Biases and MLflow.

Each tracker is a process with a supervisor, and receives messages over a socket, so that neither its imports nor its
delays affect the study. If a tracker cannot follow, it is stopped with one message.
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
