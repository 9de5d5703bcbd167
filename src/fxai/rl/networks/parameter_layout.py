"""Positions of a network's weights in one flat buffer, [net, size].

With one buffer, the optimizer's step, the norm of the gradient and a checkpoint are one tensor operation each.
"""

import math
from collections.abc import Mapping

from torch import Tensor


class ParameterLayout:
    """Names and shapes of a network's parameters, in the order of the buffer."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.shapes = dict(shapes)
        self._sizes = [math.prod(shape) for shape in shapes.values()]
        self.size = sum(self._sizes)

    def views(self, flat: Tensor) -> dict[str, Tensor]:
        """Each parameter as [net, *shape], as a view of the flat buffer [net, size]."""
        parts = flat.split_with_sizes(self._sizes, 1)
        return {name: part.view(-1, *shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}
