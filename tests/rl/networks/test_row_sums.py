"""Sums of rows: torch's on a CPU, over padded portions elsewhere, the same at each position of a row."""

import pytest
import torch

from fxai.rl.networks.row_sums import padded_rows, row_mean, row_sum
from rl.gpu_mark import needs_gpu

LENGTHS = (1, 3, 4, 15, 64, 4419)


@pytest.mark.parametrize("length", LENGTHS)
def test_on_a_cpu_a_sum_is_torchs_own(length: int):
    rows = torch.randn(3, 2, length)
    assert padded_rows(rows) is rows
    assert torch.equal(row_sum(rows), rows.sum(-1))
    assert torch.equal(row_mean(rows), rows.mean(-1))


@pytest.mark.parametrize("length", LENGTHS)
def test_elsewhere_rows_are_of_whole_portions(length: int):
    padded = padded_rows(torch.empty(3, 2, length, device="meta"))
    assert padded.shape[:2] == (3, 2)
    assert padded.shape[2] % 4 == 0
    assert 0 <= padded.shape[2] - length < 4
    assert row_mean(torch.empty(3, 2, length, device="meta")).shape == (3, 2)


@needs_gpu
@pytest.mark.parametrize("length", LENGTHS)
def test_on_a_gpu_equal_rows_have_equal_sums(length: int):
    rows = torch.randn(length, device="cuda").expand(9, length).contiguous()
    assert len(row_sum(rows).unique()) == 1
    torch.testing.assert_close(row_mean(rows)[0], rows[0].double().mean().float())
