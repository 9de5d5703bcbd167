"""Makes a Llama of some 100,000 random weights, with a tokenizer trained on the lines of a text.

    python examples/llm_signal/make_model.py config/optuna/news_sample/news.csv small_llama --gain 100

FxAI loads the folder as the folder of a real model. The same text and seed make the same files. The model knows no
language: an adapter learns from its random features which words go with which returns. A folder that exists is kept.

`--gain` multiplies the inputs of the attention's projections and divides their weights. The model computes the same,
and an adapter of these projections learns as with a learning rate so many times as large. A large model needs no gain:
its adapters have thousands of inputs, those of this model 64.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from transformers.utils import logging

BEGIN, END = "<s>", "</s>"


def trained_tokenizer(lines: Sequence[str], tokens: int, context: int) -> PreTrainedTokenizerFast:
    """Pairs of bytes that are frequent in the lines become tokens. Each digit is a token, as in SmolLM2."""
    tokenizer = Tokenizer(models.BPE())
    split = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(split)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=tokens,
        special_tokens=[BEGIN, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    begin = (BEGIN, tokenizer.token_to_id(BEGIN))
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{BEGIN} $A", special_tokens=[begin])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=BEGIN, eos_token=END, model_max_length=context)


def make_model(
    folder: Path, lines: Sequence[str], *, tokens: int = 512, context: int = 512, seed: int = 0, gain: float = 1.0
) -> None:
    """Write the model and its tokenizer into a folder."""
    tokenizer = trained_tokenizer(lines, tokens, context)
    config = LlamaConfig(
        vocab_size=tokens,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        tie_word_embeddings=True,
        initializer_range=0.1,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
    with torch.no_grad():
        for layer in model.model.layers:
            attention = layer.self_attn
            layer.input_layernorm.weight *= gain
            for projection in (attention.q_proj, attention.k_proj, attention.v_proj):
                projection.weight /= gain
    logging.disable_progress_bar()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path, help="a text whose lines are like the prompts")
    parser.add_argument("folder", type=Path, help="is written")
    parser.add_argument("--tokens", type=int, default=512, help="size of the vocabulary")
    parser.add_argument("--context", type=int, default=512, help="most tokens of a prompt and its answer")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--gain", type=float, default=1.0, help="of the learning rates of adapters")
    given = parser.parse_args()
    if given.folder.exists():
        print(f"{given.folder} exists and is kept")
        return
    lines = given.text.read_text(encoding="utf-8").splitlines()
    make_model(given.folder, lines, tokens=given.tokens, context=given.context, seed=given.seed, gain=given.gain)
    print(f"Model: {given.folder}")


if __name__ == "__main__":
    main()
