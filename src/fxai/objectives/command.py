"""The objective `command`: runs a program in any language for each trial.

The program receives its trial by arguments (`spec/fields/command_line.py`), environment variables and a JSON file:

- FXAI_PARAM_<NAME> is a parameter; FXAI_PARAMS has all parameters as JSON; also FXAI_SEED and FXAI_TRIAL.
- FXAI_REQUEST is the file, with `params`, `config`, `seed`, `seeds`, `trial`, `study`, `metric`, `checkpoint_dir`.
- FXAI_CHECKPOINT_DIR is a folder of the trial, kept between its runs, and after the end for the best trials.

The program writes reports as lines of JSON (`report_parser.py`) to the file FXAI_REPORTS or to the descriptor
FXAI_REPORT_FD, and ends with exit code 0. Its output goes into the trial's log.
"""

import contextlib
import json
import os
from collections.abc import Generator
from pathlib import Path

from pydantic import JsonValue

from fxai.atomic_write import write_text
from fxai.objectives.handle import params_of
from fxai.objectives.multi_seed import MultiSeed
from fxai.objectives.program import Program
from fxai.objectives.report_log import ReportLog
from fxai.objectives.report_parser import outcome_of, parse_line
from fxai.process_tree import ProcessTrees
from fxai.protocol import Objective, Outcome, Report, Slot, TrialPaths, TrialRequest, failed
from fxai.spec.checks.argument_advice import failure_hint
from fxai.spec.fields.argument_style import notation_of
from fxai.spec.fields.arguments import text_of
from fxai.spec.fields.command_line import fill_placeholders, variable
from fxai.spec.search.custom_config import CustomConfig, values_in


def command(process_trees: ProcessTrees) -> Objective:
    """The command of a trial's request as an objective, run once per seed of a trial."""
    return MultiSeed(CommandObjective(process_trees))


class CommandObjective:
    """Runs the command for a trial of one seed: `fxai.protocol.Objective`."""

    def __init__(self, process_trees: ProcessTrees) -> None:
        self._process_trees = process_trees

    def __call__(self, request: TrialRequest, slot: Slot) -> Generator[Report, None, Outcome]:  # noqa: ARG002  # in the environment
        with contextlib.suppress(OSError):  # a command that needs the folder will report its absence
            TrialPaths(request.directory).checkpoint_dir.mkdir(parents=True, exist_ok=True)
        document = TrialPaths(request.directory.absolute()).request
        write_text(document, json.dumps(_document(request), indent=2))
        log, outcome = ReportLog(request), None
        with self._started(request, document) as program:
            for line in program.lines():
                parsed = parse_line(line, request)
                if isinstance(parsed, Outcome):
                    outcome = parsed
                    continue
                yield from log.add(parsed)
            if (failure := program.failure()) is not None:
                reported = log.last is not None or outcome is not None
                raise failed(failure if reported else failure + _hint(request, failure))
        yield from log.before(float("inf"))
        if outcome is None and log.last is None:
            message = 'the command ended without a report; write a line such as {"value": 0.5} to $FXAI_REPORTS'
            raise failed(message)
        return outcome or outcome_of(None, log.last, request)

    def _started(self, request: TrialRequest, document: Path) -> Program:
        arguments, folder = _arguments(request, document), Path(request.folder or ".")
        environment = _environment(request, document)
        return Program(arguments, folder, environment, request.directory, self._process_trees)


def _document(request: TrialRequest) -> dict[str, JsonValue]:
    return {
        "study": request.study,
        "trial": request.number,
        "params": params_of(request),
        "config": dict(request.config),
        "seed": request.seed,
        "seeds": list(request.seeds),
        "metric": request.metric,
        "checkpoint_dir": _checkpoints(request),
    }


def _arguments(request: TrialRequest, document: Path) -> list[str]:
    further: dict[str, JsonValue] = {
        **values_in(CustomConfig(dict(request.config))),
        "seed": request.seed,
        "trial": request.number,
        "checkpoint_dir": _checkpoints(request),
        "request": str(document),
    }
    return fill_placeholders(request.command, params_of(request), further, notation_of(request.argument_style))


def _hint(request: TrialRequest, failure: str) -> str:
    """Advice on arguments for a command that failed without a report, because it may not have read its arguments."""
    return failure_hint(request.command, params_of(request), notation_of(request.argument_style), failure)


def _environment(request: TrialRequest, document: Path) -> dict[str, str]:
    params = params_of(request)
    return {
        **os.environ,
        **{variable(name): text_of(value) for name, value in params.items()},
        "FXAI_PARAMS": json.dumps(params),
        "FXAI_SEED": str(request.seed),
        "FXAI_TRIAL": str(request.number),
        "FXAI_REQUEST": str(document),
        "FXAI_CHECKPOINT_DIR": _checkpoints(request),
    }


def _checkpoints(request: TrialRequest) -> str:
    return str(TrialPaths(request.directory.absolute()).checkpoint_dir)
