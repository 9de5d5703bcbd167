"""`fxai run --verbose` prints what the logger of searches logs at DEBUG."""

import logging
from pathlib import Path

import pytest

from cli.conftest import Fxai

SPEC = """\
name: told
save_study_plots: false
studies:
  - study_name: told
    n_trials: 2
    objective: {command: [sh, -c, 'echo "{\\"step\\": 1, \\"value\\": $FXAI_PARAM_X}" > $FXAI_REPORTS']}
    parameters: {x: {type: uniform, low: 0, high: 1}}
"""


def test_every_report_is_logged(fxai: Fxai, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    logger = logging.getLogger("HPOptimizer")
    monkeypatch.setattr(logger, "level", logger.level)
    Path("told.yaml").write_text(SPEC)
    finished = fxai("run", "--spec", "told.yaml", "--verbose", "--n-jobs", "1")
    assert finished.code == 0, finished
    told = [record.message for record in caplog.records if record.name == "HPOptimizer"]
    assert sum(" at step 1: " in line for line in told) == 2
    assert sum(" complete: " in line for line in told) == 2
    assert "Study Summary: told" in finished.out
