"""Minibatches: each sample once, fields side by side, lanes apart."""

from dataclasses import fields

import pytest
import torch

from fxai.rl.algorithms.samples import Samples

LANES, COUNT = 3, 10


def numbered() -> Samples:
    """Each field of a sample contains its lane and number."""
    number = torch.arange(LANES * COUNT).view(LANES, COUNT)
    return Samples(
        observation=number[..., None, None].expand(-1, -1, 2, 2).float(),
        action=number,
        log_prob=number.float(),
        value=number.float(),
        advantage=number.float(),
        target=number.float(),
        number=number,
    )


@pytest.mark.parametrize(("size", "sizes"), [(5, [5, 5]), (4, [4, 4, 2]), (10, [10]), (64, [10])])
@pytest.mark.parametrize("lanes", [1, 3])
def test_minibatches_go_through_an_order(size: int, sizes: list[int], lanes: int):
    generator = torch.Generator().manual_seed(0)
    order = torch.stack([torch.randperm(COUNT, generator=generator) for _ in range(lanes)])
    portions = numbered().minibatches(order, size)
    assert [portion.action.shape for portion in portions] == [(lanes, width) for width in sizes]
    met = torch.cat([portion.number for portion in portions], dim=1)
    assert torch.equal(met, order + COUNT * torch.arange(lanes).unsqueeze(1))
    for portion in portions:
        assert portion.observation.is_contiguous()
        for field in fields(portion):
            value = getattr(portion, field.name)
            assert torch.equal(value.flatten(2)[..., 0] if value.dim() > 2 else value, portion.number.to(value.dtype))
