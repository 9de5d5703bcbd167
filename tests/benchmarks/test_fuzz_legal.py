"""The fuzz of legal changes runs code beyond the reader of specs."""

import random

import yaml

import fuzz_legal
from fxai.errors import SpecError
from fxai.spec.reading.load import spec_of
from fxai.spec.yaml.yaml_source import parse_yaml

CASES = 40


def is_sound(number: int, *, runs: bool) -> bool:
    spec = fuzz_legal.spec_of(random.Random(number), runs=runs)  # noqa: S311
    try:
        spec_of(parse_yaml(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True), "fuzzed.yaml"))
    except SpecError:
        return False
    return True


def test_most_of_its_specs_are_sound() -> None:
    for runs in (False, True):
        assert sum(is_sound(number, runs=runs) for number in range(CASES)) > CASES / 2
