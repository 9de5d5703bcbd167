"""The smallest form of a benchmark: the same code with so little work that it takes seconds.

CI runs every benchmark in this form to test that it runs. Its figures have no meaning.
"""

import argparse
from collections.abc import Mapping


def parse(parser: argparse.ArgumentParser, smallest: Mapping[str, object]) -> argparse.Namespace:
    """The arguments of a benchmark; with `--smoke`, options that were not given take the values in `smallest`."""
    parser.add_argument("--smoke", action="store_true", help="the smallest form, seconds: shows that it runs")
    known = vars(parser.parse_known_args()[0])
    if unknown := smallest.keys() - known.keys():
        raise ValueError(f"no options of this benchmark: {', '.join(sorted(unknown))}")
    if known["smoke"]:
        parser.set_defaults(**smallest)
    return parser.parse_args()
