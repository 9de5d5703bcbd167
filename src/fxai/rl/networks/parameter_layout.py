"""Where each weight of a network lies in one flat buffer, [net, size].

One buffer makes the optimizer's step, the gradient's norm and a checkpoint one tensor operation each,
whatever the network's depth.
"""

import math
from collections.abc import Mapping

from torch import Tensor


class ParameterLayout:
    """Names and shapes of a network's parameters, side by side in the order given."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.shapes = dict(shapes)
        self._sizes = [math.prod(shape) for shape in shapes.values()]
        self.size = sum(self._sizes)

    def views(self, flat: Tensor) -> dict[str, Tensor]:
        """Each parameter as [net, *shape], a view into the flat [net, size]."""
        parts = flat.split_with_sizes(self._sizes, 1)
        return {name: part.view(-1, *shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}
