"""Training engines as users write them; workers import this file."""

import os


class Valley:
    """Loses the less, the nearer its rate comes to 0.001 and its batch to 64."""

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
