"""Cases of `fuzz.py` about reports: custom code that reports and returns random values, run by the command line."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from textwrap import indent

SPEC = "fuzzed.yaml"
TRIALS = 2
_VALUES: Sequence[str] = (
    "0.5", "1", "-1.0", "True", "None", "'0.5'", "'x'", "float('nan')", "float('inf')", "-float('inf')", "10**310",
    "2**63", "-2**70", "[]", "{}", "{'value': 1.0}", "{'value': 'x'}", "{'value': float('nan')}", "{1: 2}",
    "object()", "b'x'", "(1, 2)", "1e308 * 10", "{'value': 1, 'a/b': 2, '': 3, 'x' * 3000: 4}",
    "{'value': 1, 'fxai:seed': 'x'}", "'x' * 100000", "1j",
)  # fmt: skip
_STEPS: Sequence[str] = (
    "1",
    "2",
    "1",
    "0",
    "-1",
    "2**63",
    "2**63 - 1",
    "1.0",
    "1.5",
    "'1'",
    "None",
    "True",
    "10**400",
    "float('nan')",
)
_ACTIONS: Sequence[str] = (
    "trial.report({step}, {value})",
    "trial.report({step}, {value})",
    "trial.report({step}, {value}, gain={value})",
    "trial.report({step}, 0.5, **{{'a b': {value}, 'value': 2}})",
    "print({value!r} * 200)",
    "print('x' * 1000000)",
    "import sys; sys.stderr.write('\\x00\\x1b[31m\\n')",
    "raise ValueError({value!r} * 50)",
    "raise SystemExit({value})",
    "import os; os._exit(3)",
    "import os; os.kill(os.getpid(), 11)",
    "import os; os.close(1)",
    "raise KeyboardInterrupt",
    "raise MemoryError",
    "trial.params['x'] = {value}",
    "trial.nothing()",
    "def loop(n): return loop(n + 1)\n    loop(0)",
)
_LINES: Sequence[str] = (
    '{"step": 1, "value": 0.5}', '{"step": 2, "value": NaN}', '{"step": 9223372036854775808, "value": 1}',
    '{"step": "1"}', '{"value": 1e999}', '{"value": 0.5}', "[]", "{", "null", '{"value": {}}',
    '{"step": 1, "value": true}', '"x"', "9" * 5000, '{"value": 1, "\\ud800": 2}', '{"value": 0.5, "fxai:cause": 3}',
    "[" * 5000, '{"step": -1, "value": 1}', "",
)  # fmt: skip


def _function(rng: random.Random) -> str:
    lines = ["def objective(trial):"]
    for _ in range(rng.randrange(5)):
        action = rng.choice(_ACTIONS)
        lines.append("    " + action.format(step=rng.choice(_STEPS), value=rng.choice(_VALUES)))
    lines.append(f"    return {rng.choice(_VALUES)}")
    if rng.random() < 0.05:
        lines.insert(0, rng.choice(("import nothing_here", "1 / 0", "def (", "raise SystemExit")))
    return "\n".join(lines) + "\n"


def _program(rng: random.Random) -> str:
    lines = [repr(rng.choice(_LINES)) for _ in range(rng.randrange(4))]
    lines.append(repr(json.dumps({"value": 0.5})) if rng.random() < 0.5 else repr(rng.choice(_LINES)))
    written = "".join(f"out.write(({line} + '\\n').encode('utf-8', 'surrogatepass'))\n" for line in lines)
    code = rng.choice((0, 0, 0, 1, 255))
    opened = "with open(os.environ['FXAI_REPORTS'], 'wb') as out:"
    return f"import os, sys\n{opened}\n{indent(written, '    ')}sys.exit({code})\n"


def prepare(_base: Path, folder: Path, rng: random.Random) -> tuple[list[str], str]:
    """A spec with own code that does anything, in an empty folder; the command line and the code."""
    called = rng.random() < 0.6
    code = _function(rng) if called else _program(rng)
    name = "own_code.py" if called else "program.py"
    (folder / name).write_text(code)
    objective = {"function": "own_code:objective"} if called else {"command": ["python", "program.py", "--x", "{x}"]}
    study = {
        "study_name": "own",
        "objective": objective,
        "n_trials": TRIALS,
        "retries": 0,
        "trial_timeout": 5,
        "n_jobs": 1,
        "parameters": {"x": {"type": "float", "low": -1, "high": 1}},
    }
    (folder / SPEC).write_text(json.dumps({"name": "fuzzed", "save_study_plots": False, "studies": [study]}))
    return ["run", "--spec", SPEC, "--quiet"], code
