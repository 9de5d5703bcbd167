"""Builds a network from a model configuration."""

from fxai.rl.networks.gru import Gru
from fxai.rl.networks.mlp import Mlp
from fxai.rl.networks.network import Network
from fxai.rl.networks.transformer import Transformer
from fxai.spec.fields.model_config import ModelConfig


def build_network(config: ModelConfig, observation_shape: tuple[int, ...], outputs: int) -> Network:
    """The network of the configuration, from observations to `outputs` outputs."""
    match config.type:
        case "mlp":
            return Mlp(observation_shape, config.widths or (config.d_model,) * config.n_layers, outputs)
        case "gru":
            return Gru(observation_shape, config.d_model, config.n_layers, outputs)
        case "transformer":
            return Transformer(
                observation_shape,
                width=config.d_model,
                depth=config.n_layers,
                heads=config.n_heads,
                feedforward=config.d_ff or 4 * config.d_model,
                outputs=outputs,
            )
