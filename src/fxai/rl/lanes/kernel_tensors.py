"""Decides which tensors compiled loops may process."""

import torch
from torch import Tensor


def runs_on_kernels(tensor: Tensor) -> bool:
    """Whether compiled loops may process `tensor`.

    The tensor must be on the CPU, without an autograd graph, and not part of an export.
    """
    exporting = torch.jit.is_tracing() or torch.compiler.is_compiling()  # type: ignore[attr-defined, no-untyped-call]
    return tensor.device.type == "cpu" and not tensor.requires_grad and not exporting
