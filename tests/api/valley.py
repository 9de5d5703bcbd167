"""Training engines as users write them; workers import this file."""

import json
import os
import signal


class Valley:
    """The loss is least at a rate of 0.001 and a batch of 64."""

    def train(self, model_config, data_config, training_config, trial):
        loss = abs(float(model_config["learning_rate"]) - 0.001) + abs(model_config["batch_size"] - 64) / 1e4
        for epoch in range(training_config["epochs"]):
            if not trial.report(epoch, loss + 0.1 / (epoch + 1), accuracy=1 - loss):
                break
        return {"val_loss": loss, "accuracy": 1 - loss}


class Broken:
    """Fails."""

    def train(self, model_config, data_config, training_config, trial):
        raise ValueError(f"no file in {os.getcwd()}")


class Sum:
    """Loses the sum of its values."""

    def train(self, model_config, data_config, training_config, trial):
        return {"loss": model_config["a"] + len(model_config.get("b", ""))}


class Reporting:
    """Reports, then returns the loss of its configuration."""

    def train(self, model_config, data_config, training_config, trial):
        trial.report(1, model_config["x"])
        if model_config.get("breaks"):
            raise ValueError("broke")
        return {"loss": model_config["x"] + model_config["double"], "steps": training_config.get("steps", 0)}


class LosesItsWorker:
    """Keeps its configuration and kills its worker; run again, it loses 0 where it is given the same."""

    def train(self, model_config, data_config, training_config, trial):
        kept = trial.checkpoint_dir / "kept.json"
        if not kept.exists():
            kept.write_text(json.dumps(model_config))
            os.kill(os.getppid(), signal.SIGKILL)
            signal.pause()
        return {"loss": float(json.loads(kept.read_text()) != model_config), "double": model_config["double"]}
