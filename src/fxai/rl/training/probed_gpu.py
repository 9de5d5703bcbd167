"""What a measurement of lane widths needs of a GPU; see `ProbedDevice`."""

import torch


class ProbedGpu:
    """A GPU; see `ProbedDevice`."""

    widths = (1, 4, 16, 64, 256, 512, 1024)
    out_of_memory: tuple[type[Exception], ...] = (torch.OutOfMemoryError,)

    def __init__(self, device: str) -> None:
        """`device` is "cuda:N"."""
        self._device = device

    @property
    def name(self) -> str:
        return torch.cuda.get_device_name(self._device)

    def synchronize(self) -> None:
        torch.cuda.synchronize()

    def free_memory(self) -> None:
        torch.cuda.empty_cache()
