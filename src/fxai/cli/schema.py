"""`fxai schema`: JSON Schema of a spec."""

from fxai.cli.output import print_json
from fxai.spec.reading.schema import json_schema


def schema() -> None:
    """Print the JSON Schema of a spec, for editors.

    Example: fxai schema > fxai.schema.json
    """
    print_json(json_schema())
