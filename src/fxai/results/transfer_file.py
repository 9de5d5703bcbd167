"""`transfer.yaml`: the transfer to a study, in its results folder."""

from pathlib import Path

import yaml

from fxai.atomic_write import write_text
from fxai.spec.reading.load import load_record
from fxai.spec.reading.transfer_spec import TransferSpec

_HEADER = """\
# Transfer from {source} to {target}.
# Written by `{command}`; a run applies it to the spec. Delete this file to run the spec unchanged.
"""


def write_transfer(path: Path, transfer_spec: TransferSpec, target: str) -> None:
    """Write the transfer to the study `target`."""
    command = "fxai transfer" if transfer_spec.window is None else "fxai retune"
    document = yaml.safe_dump(transfer_spec.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, _HEADER.format(target=target, source=transfer_spec.source.study_name, command=command) + document)


def read_transfer(path: Path) -> TransferSpec | None:
    """Read a transfer; None if the file does not exist. Raises `SpecError` if it has mistakes."""
    return load_record(path, TransferSpec) if path.exists() else None
