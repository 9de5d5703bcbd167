"""`transfer.yaml`: what a study takes over from another, beside its results."""

from pathlib import Path

import yaml

from fxai.atomic_write import write_text
from fxai.spec.reading.load import load_record
from fxai.spec.reading.transfer_spec import TransferSpec

_HEADER = """\
# What {target} takes over from {source}.
# Written by `fxai transfer`; `fxai run` applies it to the spec. Delete it to run the spec as it is.
"""


def write_transfer(path: Path, transfer_spec: TransferSpec, target: str) -> None:
    """Make the file what `target`, the study it lies beside, takes over."""
    document = yaml.safe_dump(transfer_spec.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, _HEADER.format(target=target, source=transfer_spec.source.study_name) + document)


def read_transfer(path: Path) -> TransferSpec | None:
    """The overlay, where there is one; a `SpecError` names every fault of the file."""
    return load_record(path, TransferSpec) if path.exists() else None
