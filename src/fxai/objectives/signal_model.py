"""The language model of a worker, with what its trials share."""

from collections.abc import Sequence

from fxai.llm.answer_tree import AnswerTree, answer_tree
from fxai.llm.lane_adapters import LaneAdapters
from fxai.llm.model_settings import ModelSettings
from fxai.llm.open_model import open_model


class SignalModel:
    """A loaded language model; all trials of a worker with the same settings of it share its weights."""

    def __init__(self, settings: ModelSettings, strength: int, device: str) -> None:
        """Load the model.

        Args:
            settings: The model.
            strength: Largest answer with which it is checked.
            device: "cpu" or "cuda:N".

        Raises:
            InputError: As of `open_model`.
        """
        self.model, tree = open_model(settings, strength, device)
        self._trees = {strength: tree}
        self._adapters: dict[tuple[str, ...], LaneAdapters] = {}

    def tree(self, strength: int) -> AnswerTree:
        """The answers from -strength to strength."""
        if strength not in self._trees:
            self._trees[strength] = answer_tree(self.model, strength)
        return self._trees[strength]

    def adapters(self, target_modules: Sequence[str]) -> LaneAdapters:
        """The layers with these names.

        Raises:
            InputError: The model has no linear layer of one of the names.
        """
        names = tuple(sorted(target_modules))
        if names not in self._adapters:
            self._adapters[names] = LaneAdapters(self.model.network, names)
        return self._adapters[names]
