"""Prompts per second in the training of a language model that answers a signal: FxAI, and the contest's way.

The contest's way is that of the FinRL Contest 2024, Task 2, with a KV cache: for one prompt after another it samples
three tokens of an answer, then runs prompt and answer forward and backward, with peft's LoRA. Adam takes a step after
each mini-batch. FxAI scores all answers of a mini-batch of prompts of one length in one pass, by their tree of tokens.
Both train the same layers with the same rank, on the same prompts, with the same number of threads.

Further rows: adapters of four trials in one batched pass over one after another, and the memory of a process with four
resident adapters over one, with as many prompts in a pass.

The small model is that of `examples/llm_signal/make_model.py`. `--model` names a second one, such as the GGUF file of
SmolLM2-135M; without it the last line has null for it.

    python benchmarks/llm_signal.py [--model FILE] [--rounds 5] [--batches 8] [--smoke]
"""

import argparse
import json
import multiprocessing
import os
import runpy
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fxai.llm.answer_tree import answer_tree
from fxai.llm.answers import answer_prior
from fxai.llm.lane_adapters import LaneAdapters
from fxai.llm.language_model import LanguageModel, load_language_model
from fxai.llm.lora_settings import LoraSettings
from fxai.llm.model_settings import ModelSettings
from fxai.llm.prompt_tokens import TokenDecisions, token_decisions
from fxai.llm.training import SignalTraining
from fxai.llm.training_settings import SignalLane, TrainingSettings
from fxai.worker.peak_memory import peak_since_last_call
from smoke import parse

MAKE_MODEL = Path(__file__).parents[1] / "examples" / "llm_signal" / "make_model.py"
SAMPLED_TOKENS = 3
LANES = 4
LANE_BATCH = 4  # prompts of an adapter in a pass
BARS = {"small": 5.0, "smollm2": 1.5}
SETTINGS = TrainingSettings(LoraSettings(lora_r=16, lora_alpha=16.0, lora_dropout=0.1), learning_rate=1e-4)
WORDS = ["rises", "falls", "gains", "drops", "reports", "expects", "cuts", "raises", "lifts", "misses", "beats"]


def prompts_of(count: int, seed: int) -> list[str]:
    """Prompts with a headline, of some 80 tokens of SmolLM2."""
    rng = np.random.default_rng(seed)
    task = (
        "You judge the news of a stock. Answer with one integer from -10 (the price falls) to 10 (the price rises).\n"
        "Ticker: ACME"
    )
    headline = "{} {} its outlook for the next quarter after revenue {} by {} percent on strong demand"
    return [
        f"{task}\nDate: 2024-{rng.integers(10, 13)}-{rng.integers(10, 29)}\nNews: "
        + headline.format("ACME", *rng.choice(WORDS, 2), rng.integers(10, 99))
        + "\nSignal: "
        for _ in range(count)
    ]


def decisions_of(model: LanguageModel, count: int) -> TokenDecisions:
    """Decisions whose prompts have one length: the most frequent one."""
    tree = answer_tree(model, SETTINGS.signal_strength)
    prompts = prompts_of(4 * count, seed=0)
    lengths = [len(model.tokenizer.encode(each, add_special_tokens=True)) for each in prompts]
    chosen = [each for each, length in zip(prompts, lengths, strict=True) if length == statistics.mode(lengths)][:count]
    returns = np.random.default_rng(1).normal(0.0, 0.02, len(chosen))
    return token_decisions(model, chosen, returns, tree)


def contest_trainer(model: LanguageModel, decisions: TokenDecisions) -> Callable[[int], int]:
    """A function that trains on so many mini-batches in the contest's way, and returns the number of prompts."""
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415 - the processes of `peak_memory` need no peft

    lora = SETTINGS.lora
    config = LoraConfig(
        r=lora.lora_r,
        lora_alpha=int(lora.lora_alpha),
        lora_dropout=lora.lora_dropout,
        target_modules=list(lora.target_modules),
        task_type="CAUSAL_LM",
    )
    network = get_peft_model(model.network, config).train()
    trained = [each for each in network.parameters() if each.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=SETTINGS.learning_rate)

    def train(batches: int) -> int:
        size, prompts = SETTINGS.batch_size, 0
        for batch in range(batches):
            for row in range(batch * size, (batch + 1) * size):
                index = row % len(decisions.tokens)
                reinforce(network, decisions.tokens[index][None], float(decisions.returns[index]) / size)
                prompts += 1
            optimizer.step()
            optimizer.zero_grad()
        return prompts

    return train


def reinforce(network: Any, prompt: torch.Tensor, reward: float) -> None:
    """Sample an answer with a KV cache, then add the gradient of its loss."""
    with torch.no_grad():
        answer, tokens, cache = [], prompt, None
        for _ in range(SAMPLED_TOKENS):
            step = network(input_ids=tokens, cache=cache, use_cache=True, logits_to_keep=1)
            tokens, cache = torch.multinomial(step.logits[:, -1].softmax(-1), 1), step.cache
            answer.append(tokens)
    text = torch.cat([prompt, *answer], dim=1)
    logits = network(input_ids=text, use_cache=False, logits_to_keep=SAMPLED_TOKENS + 1).logits[0, :-1]
    log_probability = logits.log_softmax(-1)[range(SAMPLED_TOKENS), text[0, -SAMPLED_TOKENS:]].sum()
    (-log_probability * reward).backward()


def fxai_trainer(
    model: LanguageModel, decisions: TokenDecisions, lanes: int = 1, batch_size: int = SETTINGS.batch_size
) -> Callable[[int], int]:
    """A function that trains lanes on so many mini-batches each, and returns the number of prompts of all lanes."""
    endless = replace(SETTINGS, max_train_steps=10**9, batch_size=batch_size)
    adapters = LaneAdapters(model.network, SETTINGS.lora.target_modules)
    tree = answer_tree(model, SETTINGS.signal_strength)
    prior = answer_prior(model, decisions.tokens, tree)
    training = SignalTraining(
        model, adapters, tree, [SignalLane(endless, seed, decisions, prior) for seed in range(lanes)]
    )

    def train(batches: int) -> int:
        for _ in range(batches):
            training.step()
        return sum(each.decisions for each in training.progress())

    return train


def seconds_per_prompt(train: Callable[[int], int], batches: int) -> float:
    began = time.perf_counter()
    prompts = train(batches)
    return (time.perf_counter() - began) / prompts


def ratios(
    theirs: Callable[[int], int], ours: Callable[[int], int], batches: int, rounds: int
) -> tuple[float, float, list[float]]:
    """Median prompts per second of both sides, and the ratio of each round. The sides take turns."""
    rates: tuple[list[float], list[float]] = ([], [])
    sides = (theirs, ours)
    for side in sides:
        side(1)  # compiles and allocates
    for number in range(rounds):
        for index in sorted(range(2), reverse=bool(number % 2)):
            rates[index].append(1 / seconds_per_prompt(sides[index], batches))
    each = [mine / other for other, mine in zip(*rates, strict=True)]
    return statistics.median(rates[0]), statistics.median(rates[1]), each


def show(name: str, row: tuple[float, float, list[float]], bar: float | None) -> float:
    theirs, ours, each = row
    middle = statistics.median(each)
    told = f"{bar:>6.1f}" if bar is not None else f"{'':>6}"
    print(f"{name:<34}{theirs:>10.2f}{ours:>10.2f}{middle:>8.2f}{min(each):>8.2f}{max(each):>8.2f}{told}", flush=True)
    return round(middle, 2)


def peak_memory(name: str, lanes: int) -> float:
    """Peak megabytes of a process that trains so many adapters, with `LANES` prompts of all of them in a pass."""
    torch.set_num_threads(1)
    model = load_language_model(ModelSettings(name))
    fxai_trainer(model, decisions_of(model, LANES), lanes, batch_size=LANES // lanes)(2)
    return peak_since_last_call().memory_mb or 0.0


def measure(label: str, name: str, options: argparse.Namespace) -> float:
    """The rows of a model; returns FxAI's ratio."""
    model = load_language_model(ModelSettings(name))
    decisions = decisions_of(model, SETTINGS.batch_size * 2)
    print(f"{label}: {len(decisions.tokens)} prompts of {len(decisions.tokens[0])} tokens")
    one_after_another = [fxai_trainer(model, decisions, batch_size=LANE_BATCH) for _ in range(LANES)]
    together = fxai_trainer(model, decisions, LANES, LANE_BATCH)
    lanes = ratios(
        lambda batches: sum(each(batches) for each in one_after_another), together, options.batches, options.rounds
    )
    ours = fxai_trainer(model, decisions)
    contest = contest_trainer(load_language_model(ModelSettings(name)), decisions)
    ratio = show("contest's way, FxAI", ratios(contest, ours, options.batches, options.rounds), BARS[label])
    show(f"{LANES} adapters in turn, in one pass", lanes, None)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as pool:
        peaks = [pool.submit(peak_memory, name, lanes).result() for lanes in (1, LANES)]
    print(f"peak memory: 1 adapter {peaks[0]:.0f} MB, {LANES} adapters {peaks[1]:.0f} MB, ", end="")
    print(f"ratio {peaks[1] / peaks[0]:.2f}", flush=True)
    return ratio


def small_model(folder: Path) -> str:
    runpy.run_path(str(MAKE_MODEL))["make_model"](folder, prompts_of(200, seed=2))
    return str(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="of a second model: a folder or a GGUF file, such as SmolLM2-135M")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, default=8, help="mini-batches of a round")
    parser.add_argument("--threads", type=int, default=1)
    options = parse(parser, {"rounds": 1, "batches": 1})
    torch.set_num_threads(options.threads)
    print(f"{options.threads} threads; load {os.getloadavg()[0]:.1f}; prompts per second in training")
    print(f"{'':<34}{'first':>10}{'second':>10}{'ratio':>8}{'least':>8}{'most':>8}{'bar':>6}")
    with tempfile.TemporaryDirectory() as folder:
        outcome = {"small": measure("small", small_model(Path(folder) / "model"), options), "smollm2": None}
    if options.model is not None:
        outcome["smollm2"] = measure("smollm2", options.model, options)
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
