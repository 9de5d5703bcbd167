"""Settings of the adapter of one trial."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoraSettings:
    """A LoRA adapter: each adapted layer adds alpha / r * B A dropout(x).

    Source: Hu et al. 2021, "LoRA: low-rank adaptation of large language models", arXiv 2106.09685, section 4.1.
    """

    lora_r: int = 30
    lora_alpha: float = 16.0
    lora_dropout: float = 0.1
    target_modules: tuple[str, ...] = ("q_proj", "v_proj")
    """Names of the adapted linear layers: the last parts of their names, as in peft."""

    @property
    def scaling(self) -> float:
        return self.lora_alpha / self.lora_r
