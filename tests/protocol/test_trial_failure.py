"""What a trial's end means for the process it ran in."""

from pathlib import Path

import pytest
import torch

from fxai.pool.out_of_memory import out_of_memory_kills
from fxai.protocol import Cause, TrialError, is_out_of_memory
from fxai.protocol.trial_failure import leaves_process_unusable


def test_exhausted_memory_is_recognised_from_any_source():
    with pytest.raises(RuntimeError) as host:
        torch.empty(2**60)
    assert is_out_of_memory(host.value)
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"))
    assert is_out_of_memory(RuntimeError("CUDA error: out of memory"))
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ValueError("out of memory is no price"))


@pytest.mark.parametrize(
    ("error", "spoils"),
    [
        (None, False),
        (TrialError(Cause.EXCEPTION, "ValueError: no data"), False),
        (TrialError(Cause.OUT_OF_MEMORY, "MemoryError"), True),
        (TrialError(Cause.EXCEPTION, "AcceleratorError: CUDA error: device-side assert triggered"), True),
    ],
)
def test_a_process_is_given_up_where_something_stays_in_it(error: TrialError | None, *, spoils: bool):
    assert leaves_process_unusable(error) is spoils


def test_kills_of_the_kernel_are_counted_where_it_reports_them(tmp_path: Path):
    counters = tmp_path / "vmstat"
    counters.write_text("nr_free_pages 5\noom_kill 3\noom_kill_other 9\n")
    assert out_of_memory_kills(counters) == 3
    assert out_of_memory_kills(tmp_path / "absent") == 0
