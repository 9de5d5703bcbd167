"""From YAML to frozen, validated records. No Optuna, no torch."""

from fxai.spec.configure import configure, default_params
from fxai.spec.load import load_record, load_spec
from fxai.spec.study import Spec, StudySpec
from fxai.spec.training_config import TrainingConfig

__all__ = ["Spec", "StudySpec", "TrainingConfig", "configure", "default_params", "load_record", "load_spec"]
