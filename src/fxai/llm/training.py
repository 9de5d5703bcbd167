"""Trains the adapters of a pack of lanes on one language model."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from fxai.errors import FxaiError
from fxai.llm.answer_tree import AnswerTree
from fxai.llm.lane_adapters import LaneAdapters, LaneDropout
from fxai.llm.lane_answers import LaneWeights, answered, lane_log_probabilities, shared_in_pass
from fxai.llm.language_model import LanguageModel
from fxai.llm.lora_layout import LoraLayout
from fxai.llm.policy_gradient import answer_rewards, decision_loss, expected_reward
from fxai.llm.prompt_batches import PromptBatches
from fxai.llm.training_settings import LaneProgress, SignalLane
from fxai.rl.algorithms.adam import LaneAdam

_EPSILON = 1e-8  # of Adam, as in the paper and in torch; gradients of rewards of 1 % are small


class LaneOutOfMemoryError(FxaiError):
    """The memory of the device does not hold one lane.

    Attributes:
        lane: Index of the lane.
    """

    def __init__(self, lane: int, message: str) -> None:
        self.lane = lane
        super().__init__(f"{message}: use a smaller batch_size, or gradient_checkpointing")


class SignalTraining:
    """Adapters of several lanes. A lane computes the same alone and beside other lanes, up to rounding."""

    def __init__(
        self, model: LanguageModel, adapters: LaneAdapters, tree: AnswerTree, lanes: Sequence[SignalLane]
    ) -> None:
        """Begin or continue the lanes.

        Args:
            model: The model, which all packs of a process share.
            adapters: Its layers with adapters.
            tree: The answers, of at least the largest `signal_strength` of the lanes.
            lanes: The lanes.
        """
        settings, device = [lane.settings for lane in lanes], model.device
        self._model, self._adapters, self._tree, self._lanes = model, adapters, tree, tuple(lanes)
        self._layout = LoraLayout(adapters.layers, max(each.lora.lora_r for each in settings))
        self._seeds = torch.tensor([lane.seed for lane in lanes], device=device)
        self._answers = torch.tensor(tree.answers, device=device)
        self._strengths = torch.tensor([each.signal_strength for each in settings], device=device)
        self._scaling = torch.tensor([each.lora.scaling for each in settings], device=device)
        self._dropout = torch.tensor([each.lora.lora_dropout for each in settings], device=device)
        self._rates = torch.tensor([each.learning_rate for each in settings], device=device)
        self._prior = torch.stack([lane.prior for lane in lanes]).to(device)
        self._weights = self._layout.initial(self._seeds, [each.lora.lora_r for each in settings])
        self._adam = LaneAdam.of(self._weights, _EPSILON)
        self._batches = [PromptBatches(lane.decisions.tokens, lane.settings.batch_size) for lane in lanes]
        self._steps = [0] * len(lanes)
        self._earned = [(0, 0.0)] * len(lanes)  # decisions and sum of expected rewards since the last progress
        for index, lane in enumerate(lanes):
            if lane.state is not None:
                self._restore(index, lane.state)

    @property
    def finished(self) -> bool:
        """Whether every lane has taken its steps."""
        return not self._unfinished()

    def step(self) -> None:
        """One step of every lane that is not finished.

        Raises:
            LaneOutOfMemoryError: Memory does not hold one of the lanes. No lane has taken the step.
        """
        unfinished = self._unfinished()
        gradient = torch.zeros_like(self._weights)
        rewards: dict[int, Tensor] = {}
        for lanes in self._lanes_of_one_shape(unfinished):
            self._compute_gradients(lanes, gradient, rewards)
        active = torch.zeros(len(self._lanes), dtype=torch.bool, device=self._model.device)
        active[unfinished] = True
        (factors,) = self._adam.step_factors(self._rates, active, 1)
        self._adam.step(self._weights, gradient, torch.ones_like(self._rates), factors)
        for lane in unfinished:
            self._steps[lane] += 1
            decisions, earned = self._earned[lane]
            self._earned[lane] = decisions + len(rewards[lane]), earned + float(rewards[lane].sum())

    def progress(self) -> tuple[LaneProgress, ...]:
        """The lanes' progress since the last call."""
        earned, self._earned = self._earned, [(0, 0.0)] * len(self._lanes)
        unfinished = set(self._unfinished())
        return tuple(
            LaneProgress(steps, decisions, total / decisions if decisions else 0.0, lane not in unfinished)
            for lane, (steps, (decisions, total)) in enumerate(zip(self._steps, earned, strict=True))
        )

    def log_probabilities(self, tokens: Sequence[Tensor], lanes: Sequence[int] | None = None) -> Tensor:
        """Log-probabilities of the answers to prompts, without dropout.

        Args:
            tokens: The prompts, of `prompt_tokens`.
            lanes: Indices of lanes; None: all.

        Returns:
            [lane, prompt, answer] float32 on the CPU; -inf for answers beyond the lane's `signal_strength`.
        """
        chosen = list(range(len(self._lanes)) if lanes is None else lanes)
        adapted = self._adapted(self._weights[chosen], chosen)
        return lane_log_probabilities(self._model, self._adapters, self._tree, adapted, tokens)

    def state(self, lane: int) -> dict[str, Tensor]:
        """State of a lane, to continue it by `SignalLane.state`; tensors on the CPU, in the lane's own rank."""
        row, rank = slice(lane, lane + 1), self._lanes[lane].settings.lora.lora_r
        rows = {"weights": self._weights, "mean": self._adam.mean, "square": self._adam.square}
        state = {name: self._layout.copied(each[row], rank)[0].cpu() for name, each in rows.items()}
        return {**state, "powers": self._adam.powers[lane].cpu().clone(), "steps": torch.tensor(self._steps[lane])}

    def _restore(self, lane: int, state: Mapping[str, Tensor]) -> None:
        own = self._layout.with_rank(self._lanes[lane].settings.lora.lora_r)
        rows = {"weights": self._weights, "mean": self._adam.mean, "square": self._adam.square}
        for name, each in rows.items():
            each[lane] = own.copied(state[name][None].to(each.device), self._layout.rank)[0]
        self._adam.powers[lane] = state["powers"]
        self._steps[lane] = int(state["steps"])

    def _unfinished(self) -> list[int]:
        return [index for index, lane in enumerate(self._lanes) if self._steps[index] < lane.settings.max_train_steps]

    def _lanes_of_one_shape(self, lanes: Sequence[int]) -> list[list[int]]:
        """The lanes whose mini-batches have the same shape, which share a forward pass."""
        groups: dict[tuple[int, int, int], list[int]] = defaultdict(list)
        for lane in lanes:
            shape = self._batches[lane].shape(self._steps[lane])
            groups[*shape, self._lanes[lane].decisions.shared].append(lane)
        return list(groups.values())

    def _compute_gradients(self, lanes: list[int], gradient: Tensor, rewards: dict[int, Tensor]) -> None:
        """Fill the rows of `gradient` and the expected rewards of these lanes; in halves if memory is short."""
        try:
            gradient[lanes], earned = self._gradients(lanes)
        except torch.OutOfMemoryError as error:
            if len(lanes) == 1:
                raise LaneOutOfMemoryError(lanes[0], str(error).partition("\n")[0]) from error
        else:
            rewards.update(zip(lanes, earned, strict=True))
            return
        if self._model.device.type == "cuda":
            torch.cuda.empty_cache()
        middle = len(lanes) // 2
        self._compute_gradients(lanes[:middle], gradient, rewards)
        self._compute_gradients(lanes[middle:], gradient, rewards)

    def _gradients(self, lanes: list[int]) -> tuple[Tensor, Tensor]:
        """Gradients [lane, size] of the losses of these lanes, and expected rewards [lane, decision] on the CPU."""
        settings = [self._lanes[lane].settings for lane in lanes]
        rows = [self._batches[lane].rows(self._steps[lane], self._lanes[lane].seed) for lane in lanes]
        decisions = [self._lanes[lane].decisions for lane in lanes]
        prompts = torch.stack(
            [torch.stack([each.tokens[row] for row in part]) for each, part in zip(decisions, rows, strict=True)]
        )
        returns = torch.stack([each.returns[part] for each, part in zip(decisions, rows, strict=True)])
        steps = torch.tensor([self._steps[lane] for lane in lanes], device=self._model.device)
        weights = self._weights[lanes].requires_grad_()
        share = torch.tensor([each.reward_scaling / each.batch_size for each in settings], device=self._model.device)
        shared = shared_in_pass(self._model, prompts, decisions[0].shared)
        dropout, passes = self._dropout_of(lanes, steps), 1 + bool(shared)
        with self._adapters.applied(weights, self._layout, self._scaling[lanes], dropout, passes):
            probable = answered(self._model, self._tree, self._adapted(weights, lanes), prompts, shared)
            rewards = answer_rewards(self._answers, self._strengths[lanes], returns.to(self._model.device))
            losses = [
                decision_loss(
                    each.gradient, probable[i : i + 1], rewards[i : i + 1], self._seeds[lane][None], steps[i : i + 1]
                )
                for i, (lane, each) in enumerate(zip(lanes, settings, strict=True))
            ]
            loss = (torch.cat(losses).sum(-1) * share).sum()
            (gradient,) = torch.autograd.grad(loss, weights)
        return gradient, expected_reward(probable.detach(), rewards).cpu()

    def _adapted(self, weights: Tensor, lanes: list[int]) -> LaneWeights:
        """The lanes with these weights [lane, size]."""
        return LaneWeights(self._layout, weights, self._scaling[lanes], self._strengths[lanes], self._prior[lanes])

    def _dropout_of(self, lanes: list[int], steps: Tensor) -> LaneDropout | None:
        rates = self._dropout[lanes]
        return LaneDropout(rates, self._seeds[lanes], steps) if rates.any() else None


def train(training: SignalTraining, report_every: int) -> Iterator[tuple[LaneProgress, ...]]:
    """Train until all lanes are finished.

    Args:
        training: The lanes.
        report_every: Steps between two reports.

    Yields:
        The progress of all lanes, after every `report_every` steps and after the last one.
    """
    while not training.finished:
        for _ in range(report_every):
            if training.finished:
                break
            training.step()
        yield training.progress()
