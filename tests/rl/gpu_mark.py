"""Mark of tests that run on a GPU."""

import pytest
import torch

needs_gpu = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="needs a GPU: run the test on a machine with an NVIDIA GPU and its driver"
)
