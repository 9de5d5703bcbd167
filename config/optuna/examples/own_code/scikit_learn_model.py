"""A scikit-learn network as an objective. It imports nothing of FxAI and uses only its argument `trial`."""

import joblib
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

IMAGES, DIGITS = load_digits(return_X_y=True)  # loaded once per worker: each trial is forked from the worker


def objective(trial):
    """Return the accuracy on a third of the digits after `epochs` epochs on the others."""
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
