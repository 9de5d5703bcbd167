"""Loops over lanes that numba compiles for the CPU.

Where torch takes a formula operation by operation, each one a pass over memory, a loop takes it number by
number in one pass; on a CPU, most of whose time goes into memory, that is worth several times the work. Beside
each loop stands the same formula in torch's operations, which a GPU takes. No lane's numbers depend on where the
lane lies: each is gone through alone, and nothing is added up in another order than written.
"""

from fxai.rl.kernels.adam import adam_step
from fxai.rl.kernels.compiled import runs_on_kernels
from fxai.rl.kernels.market_step import market_step
from fxai.rl.kernels.mlp import mlp_backward, mlp_forward
from fxai.rl.kernels.ppo_loss import ppo_loss

__all__ = ["adam_step", "market_step", "mlp_backward", "mlp_forward", "ppo_loss", "runs_on_kernels"]
