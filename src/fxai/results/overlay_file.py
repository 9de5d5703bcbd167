"""`transfer.yaml`: what a study takes over from another, beside its results."""

from pathlib import Path

import yaml

from fxai.spec.load import load_record
from fxai.spec.overlay import Overlay
from fxai.whole_file import write_text

_HEADER = """\
# What {target} takes over from {source}.
# Written by `fxai transfer`; `fxai run` applies it to the spec. Delete it to run the spec as it is.
"""


def write_overlay(path: Path, overlay: Overlay, target: str) -> None:
    """Make the file what `target`, the study it lies beside, takes over."""
    document = yaml.safe_dump(overlay.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, _HEADER.format(target=target, source=overlay.source.study_name) + document)


def load_overlay(path: Path) -> Overlay | None:
    """The overlay, where there is one; a `SpecError` names every fault of the file."""
    return load_record(path, Overlay) if path.exists() else None
