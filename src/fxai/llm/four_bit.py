"""Whether layers of 4 bit can be trained through on a device. The only file that imports bitsandbytes."""

from functools import cache

import torch

from fxai.errors import InputError
from fxai.llm.extra import check_llm_installed
from fxai.llm.model_settings import QuantizationType

_FEATURES = 64


@cache
def check_four_bit(quantization_type: QuantizationType, device: str) -> None:
    """Run one training step through a small quantized layer.

    Raises:
        InputError: the step fails on this device, or bitsandbytes is not installed; the message has the reason.
    """
    check_llm_installed(("bitsandbytes", "accelerate"))
    try:
        _take_step(quantization_type, device)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise InputError(
            f"use_4bit with quantization_type {quantization_type} does not work on {device} ({reason}): remove use_4bit"
        ) from error


def _take_step(quantization_type: QuantizationType, device: str) -> None:
    from bitsandbytes.nn import Linear4bit  # noqa: PLC0415 - of an extra

    layer = Linear4bit(_FEATURES, _FEATURES, bias=False, compute_dtype=torch.float32, quant_type=quantization_type).to(
        device
    )
    inputs = torch.linspace(-1, 1, 2 * _FEATURES, device=device).view(2, _FEATURES).requires_grad_()
    layer(inputs).square().sum().backward()
    if inputs.grad is None or not inputs.grad.isfinite().all() or not inputs.grad.any():
        raise ArithmeticError("a training step gives no finite gradient")
