"""Models from folders and GGUF files, in float32 and 4 bit."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from fxai.errors import InputError
from fxai.llm import extra, four_bit
from fxai.llm.answer_tree import answer_tree
from fxai.llm.answers import answer_scores
from fxai.llm.lane_adapters import LaneAdapters
from fxai.llm.language_model import LanguageModel, load_language_model
from fxai.llm.lora_layout import LoraLayout
from fxai.llm.model_settings import ModelSettings, QuantizationType
from fxai.llm.open_model import open_model
from llm.gguf_file import write_gguf

HAS_4_BIT = find_spec("bitsandbytes") is not None
needs_4_bit = pytest.mark.skipif(not HAS_4_BIT, reason="needs bitsandbytes, which the extra llm installs on Linux")
PROMPT = "profit at company A"


def logits_of(model: LanguageModel) -> torch.Tensor:
    tokens = torch.tensor([model.tokenizer.encode(PROMPT, add_special_tokens=True)])
    with torch.no_grad():
        logits: torch.Tensor = model.network(input_ids=tokens).logits
    return logits


def adapter_gradient(model: LanguageModel) -> torch.Tensor:
    """Gradient of a sum of scores to the weights of an adapter."""
    adapters, tree = LaneAdapters(model.network, ("q_proj", "v_proj")), answer_tree(model, 3)
    layout = LoraLayout(adapters.layers, 4)
    weights = torch.randn(1, layout.size, generator=torch.Generator().manual_seed(0)).mul_(0.1).requires_grad_()
    tokens = torch.tensor([model.tokenizer.encode(PROMPT, add_special_tokens=True)])
    with adapters.applied(weights, layout, torch.ones(1), None):
        (gradient,) = torch.autograd.grad(answer_scores(model.network, tokens, tree)[0, :3].sum(), weights)
    adapters.remove()
    return gradient


def test_a_folder_is_loaded_with_frozen_weights(model: LanguageModel) -> None:
    assert 90_000 < sum(each.numel() for each in model.network.parameters()) < 120_000
    assert not any(each.requires_grad for each in model.network.parameters())
    assert model.context == 512


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("model.safetensors", "it lacks weights"),
        ("tokenizer.json", "it lacks a tokenizer"),
        ("config.json", "it lacks config.json"),
    ],
)
def test_a_folder_without_a_part_is_refused(model_folder: Path, tmp_path: Path, file: str, told: str) -> None:
    folder = shutil.copytree(model_folder, tmp_path / "copy")
    (folder / file).unlink()
    with pytest.raises(InputError, match=told):
        load_language_model(ModelSettings(str(folder)))


@pytest.mark.parametrize("name", ["./nothing", "/no/such/folder", "no/such/model.gguf"])
def test_a_path_without_a_model_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="there is no model at"):
        load_language_model(ModelSettings(name))


def test_damaged_weights_are_one_message(model_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(model_folder, tmp_path / "copy")
    (folder / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(InputError, match="cannot be loaded as a causal language model") as error:
        load_language_model(ModelSettings(str(folder)))
    assert "\n" not in str(error.value)


def test_a_gguf_file_is_converted_once(
    model: LanguageModel, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_gguf(tmp_path / "small.gguf", model_folder)
    first = load_language_model(ModelSettings(str(tmp_path / "small.gguf")))
    assert torch.allclose(logits_of(first), logits_of(model), atol=1e-5)
    (folder,) = [each for each in (tmp_path / "cache" / "fxai" / "models").iterdir() if each.is_dir()]
    changed = (folder / "config.json").stat().st_mtime_ns
    (tmp_path / "small.gguf").rename(tmp_path / "other.gguf")  # the key is the content
    second = load_language_model(ModelSettings(str(tmp_path / "other.gguf"), use_4bit=HAS_4_BIT))
    assert (folder / "config.json").stat().st_mtime_ns == changed
    assert (logits_of(second) - logits_of(model)).abs().max() < 1.0


@pytest.mark.parametrize(
    ("content", "told"), [(b"GGUF damaged", "as a GGUF language model"), (b"text", "is not a GGUF")]
)
def test_an_unreadable_gguf_file_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, told: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "model.gguf").write_bytes(content)
    with pytest.raises(InputError, match=told):
        load_language_model(ModelSettings(str(tmp_path / "model.gguf")))
    assert not [each for each in tmp_path.glob("cache/fxai/models/*") if each.is_dir()]


@needs_4_bit
@pytest.mark.parametrize("quantization_type", ["fp4", "nf4"])
def test_an_adapter_trains_on_a_model_of_4_bit(model_folder: Path, quantization_type: QuantizationType) -> None:
    settings = ModelSettings(str(model_folder), use_4bit=True, quantization_type=quantization_type)
    gradient = adapter_gradient(load_language_model(settings))
    assert gradient.isfinite().all()
    assert gradient.any()
    scored, _ = open_model(settings, strength=5)  # has run passes without gradients
    assert torch.allclose(adapter_gradient(scored), gradient, atol=1e-6)


@needs_4_bit
def test_4_bit_is_refused_with_the_reason_where_a_training_step_fails(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: str) -> None:
        raise NotImplementedError("no kernel")

    monkeypatch.setattr(four_bit, "_take_step", fail)
    four_bit.check_four_bit.cache_clear()
    with pytest.raises(InputError, match=r"does not work on cpu \(NotImplementedError: no kernel\): remove use_4bit"):
        load_language_model(ModelSettings(str(model_folder), use_4bit=True))


def test_a_model_that_the_hub_does_not_give_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match=r"org/model cannot be loaded .* from the Hugging Face hub"):
        load_language_model(ModelSettings("org/model"))


def test_gradient_checkpointing_computes_the_same_gradient(model: LanguageModel, model_folder: Path) -> None:
    short_of_memory = load_language_model(ModelSettings(str(model_folder), gradient_checkpointing=True))
    assert torch.allclose(adapter_gradient(short_of_memory), adapter_gradient(model), atol=1e-6)


def test_a_missing_package_is_told_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extra, "find_spec", {"peft": True, "gguf": True}.get)
    with pytest.raises(InputError, match=r"need transformers, accelerate, which are .*--extras llm"):
        load_language_model(ModelSettings("any"))
