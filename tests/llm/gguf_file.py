"""Writes a small Llama as a GGUF file, as llama.cpp's converter does."""

import json
import re
from pathlib import Path

import torch
from gguf import GGUFWriter
from safetensors.torch import load_file

_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def write_gguf(path: Path, model_folder: Path) -> None:
    """The model of a folder, its weights in float32."""
    config = json.loads((model_folder / "config.json").read_text())
    words = json.loads((model_folder / "tokenizer.json").read_text())["model"]
    writer = GGUFWriter(path, "llama")
    writer.add_name("small")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("gpt2")
    pieces = {token: piece for piece, token in words["vocab"].items()}
    writer.add_add_bos_token(True)
    writer.add_token_list([pieces.get(token, f"<unused{token}>") for token in range(config["vocab_size"])])
    writer.add_token_merges([" ".join(pair) for pair in words["merges"]])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    for name, tensor in load_file(model_folder / "model.safetensors").items():
        heads = {"q_proj": config["num_attention_heads"], "k_proj": config["num_key_value_heads"]}
        rows = next((_paired(tensor, count) for kind, count in heads.items() if kind in name), tensor)
        writer.add_tensor(_gguf_name(name), rows.contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _gguf_name(name: str) -> str:
    name = re.sub(r"^model\.layers\.(\d+)\.", r"blk.\1.", name)
    for theirs, ours in _NAMES.items():
        name = name.replace(theirs, ours)
    return name


def _paired(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Rows of each head in llama.cpp's order: the two numbers of a rotation beside each other."""
    half = weight.shape[0] // heads // 2
    return weight.view(heads, 2, half, weight.shape[1]).transpose(1, 2).reshape(weight.shape)
