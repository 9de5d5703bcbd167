"""A network of scikit-learn's as an objective: it needs nothing of FxAI but the handle that it is called with."""

import joblib
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

IMAGES, DIGITS = load_digits(return_X_y=True)  # once: the trials are forked from a process that has read them


def objective(trial):
    """Accuracy on a third of the digits, after so many passes over the rest."""
    x, x_valid, y, y_valid = train_test_split(IMAGES / 16, DIGITS, test_size=1 / 3, random_state=0)
    model = MLPClassifier(
        hidden_layer_sizes=tuple(trial.params["layers"]),
        learning_rate_init=trial.params["learning_rate"],
        alpha=trial.params["alpha"],
        batch_size=64,
        random_state=trial.seed % 2**32,
    )
    for epoch in range(1, trial.config["epochs"] + 1):
        model.partial_fit(x, y, classes=range(10))
        accuracy = model.score(x_valid, y_valid)
        joblib.dump(model, trial.checkpoint_dir / "model.joblib")
        if not trial.report(epoch, accuracy, loss=model.loss_):
            break  # pruned, or the run is ending
    return accuracy
