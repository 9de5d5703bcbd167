"""The decisions of a trial of signals, as text and as tokens."""

from dataclasses import dataclass

from torch import Tensor

from fxai.errors import DataError
from fxai.llm.answer_tree import AnswerTree
from fxai.llm.language_model import LanguageModel
from fxai.llm.prompt_tokens import TokenDecisions, prompt_tokens, token_decisions
from fxai.market.bars import FloatArray
from fxai.market.news.decisions import NewsDecisions, decisions_of
from fxai.market.news.prepared_decisions import PreparedDecisions
from fxai.market.news.prompts import prompts
from fxai.market.news.signal_scores import ScoringRules, score_signals
from fxai.market.scores.scored_steps import SpanScore
from fxai.market.splits.splits import Span
from fxai.spec.fields.llm_signal_config import LlmSignalConfig


@dataclass(frozen=True, slots=True, eq=False)
class SignalData:
    """What a trial trains on, and what scores it.

    The trial's own configuration decides what its model reads. Dates, baskets, costs and the look-ahead that score it
    are those of the study.
    """

    training: TokenDecisions
    scored: NewsDecisions  # decisions of the validation split
    scored_tokens: tuple[Tensor, ...]  # of each of them
    span: Span  # dates of the validation split
    rules: ScoringRules

    @classmethod
    def of(
        cls,
        prepared: PreparedDecisions,
        config: LlmSignalConfig,
        base: LlmSignalConfig,
        model: LanguageModel,
        tree: AnswerTree,
    ) -> "SignalData":
        """The data of a trial.

        Args:
            prepared: The decisions of the study.
            config: Of the trial.
            base: Of the study.
            model: The language model.
            tree: The answers of the trial.

        Raises:
            DataError: No decision of the train split has a known return.
            InputError: A prompt is longer than the model's context.
        """
        strength, span = config.training.signal_strength, prepared.splits.validation
        decisions, returns = prepared.training(config.decisions)
        if not len(decisions):
            raise DataError(
                f"no decision can be trained on: none of the train split has {config.decisions.lookahead} bars of "
                "look-ahead in the split; lower decisions.lookahead, or raise data.split.train or "
                "decisions.max_env_steps"
            )
        scored = decisions_of(prepared.market, config.decisions).within(span)
        return cls(
            training=token_decisions(model, prompts(decisions, config.decisions, strength), returns, tree),
            scored=scored,
            scored_tokens=prompt_tokens(model, prompts(scored, config.decisions, strength), tree),
            span=span,
            rules=ScoringRules(base.baskets, base.decisions.lookahead, strength),
        )

    def score(self, signals: FloatArray) -> SpanScore:
        """The score of the signals of the validation split, [decision]."""
        return score_signals(self.scored, signals, self.span, self.rules)
