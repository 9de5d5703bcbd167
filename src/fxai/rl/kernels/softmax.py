"""The softmax of logits for compiled loops, stable for logits of any size."""

from fxai.market.rules.compiled import Array
from fxai.rl.kernels.elementary import exp, log


def fill_log_totals(logits: Array, log_total: Array, exponentials: Array, total: Array) -> None:
    """Computes the logarithms of the sums of exponentials of logits; other loops call it.

    Args:
        logits: [action, sample].
        log_total: Filled: logarithm of the sum of the actions' exponentials, [sample].
        exponentials: Filled: those of the logits minus the highest one of the sample, [action, sample].
        total: Filled: their sum, [sample].
    """
    actions, samples = logits.shape
    for i in range(samples):  # copying a slice would be compiled with the text of its error, which takes seconds
        log_total[i] = logits[0, i]
    for a in range(1, actions):
        for i in range(samples):
            log_total[i] = max(log_total[i], logits[a, i])
    total[:] = 0
    for a in range(actions):
        for i in range(samples):
            exponentials[a, i] = exp(logits[a, i] - log_total[i])
            total[i] += exponentials[a, i]
    for i in range(samples):
        log_total[i] += log(total[i])
