"""A multilayer perceptron's passes; `rl/mlp.py` says what is done and why.

Each net is taken through alone, so that what one product leaves is still near the core when the next reads it.
Weights are [net, size] with each layer's matrix [fan_in, fan_out] and bias side by side, last the head's
[outputs, width] and bias. `widths` are those of the observation, the hidden layers and the outputs. Layers lie
one behind the other in `activity` and `fed`, each as [net, sample, width]; `fed` is what is left after dropout,
and may be the same array.
"""

import numpy as np

from fxai.rl.loops.compiled import Array, compiled


@compiled
def hidden_sums(weights: Array, offset: int, inputs: Array, sums: Array) -> None:
    """Fill `sums` [net, sample, width] from a layer's inputs and its weights at `offset`.

    Inputs are [net, sample, fan_in], or fewer, each for several nets, one after the other.
    """
    nets, samples, width = sums.shape
    sharing = nets // inputs.shape[0]
    fan_in = inputs.shape[2]
    bias_at = offset + fan_in * width
    for net in range(nets):
        here, bias = sums[net], weights[net, bias_at : bias_at + width]
        np.dot(inputs[net // sharing], weights[net, offset:bias_at].reshape(fan_in, width), here)
        for i in range(samples):
            for j in range(width):
                here[i, j] += bias[j]


@compiled
def head_outputs(weights: Array, offset: int, inputs: Array, outputs: Array) -> None:
    """Fill `outputs` [net, output, sample] from what the last layer fed, [net, sample, width]."""
    nets, count, samples = outputs.shape
    width = inputs.shape[2]
    bias_at = offset + count * width
    for net in range(nets):
        here = outputs[net]
        np.dot(weights[net, offset:bias_at].reshape(count, width), inputs[net].T, here)
        for a in range(count):
            bias = weights[net, bias_at + a]
            for i in range(samples):
                here[a, i] += bias


@compiled
def mlp_backward(
    weights: Array,
    widths: Array,
    observation: Array,
    activity: Array,
    fed: Array,
    keep: Array,
    d_outputs: Array,
    gradient: Array,
) -> None:
    """Fill `gradient` [net, size] from the derivative by outputs [net, output, sample].

    Observations are as in `hidden_sums`; `keep` is [net, sample, site], with no site where nothing was silenced.
    """
    nets, count, samples = d_outputs.shape
    layers, sharing = len(widths) - 2, nets // observation.shape[0]
    one = weights.dtype.type(1)
    widest = widths[1:-1].max()
    above, below = np.empty(samples * widest, weights.dtype), np.empty(samples * widest, weights.dtype)
    for net in range(nets):
        width = widths[layers]
        end = weights.shape[1]
        begin = end - count * (width + 1)
        site = widths[1 : layers + 1].sum() - width
        block = nets * samples * site + net * samples * width
        last = fed[block : block + samples * width].reshape(samples, width)
        np.dot(d_outputs[net], last, gradient[net, begin : end - count].reshape(count, width))
        for a in range(count):
            total = weights.dtype.type(0)
            for i in range(samples):
                total += d_outputs[net, a, i]
            gradient[net, end - count + a] = total
        delta = above[: samples * width].reshape(samples, width)
        np.dot(d_outputs[net].T, weights[net, begin : end - count].reshape(count, width), delta)

        for layer in range(layers, 0, -1):
            fan_in, width = widths[layer - 1], widths[layer]
            end, begin = begin, begin - (fan_in + 1) * width
            here = activity[block : block + samples * width].reshape(samples, width)
            bias = gradient[net, end - width : end]
            bias[:] = 0
            for i in range(samples):
                if keep.shape[2]:
                    for j in range(width):
                        delta[i, j] *= keep[net, i, site + j]
                for j in range(width):
                    slope = delta[i, j] * (one - here[i, j] * here[i, j])
                    delta[i, j] = slope
                    bias[j] += slope
            matrix = gradient[net, begin : end - width].reshape(fan_in, width)
            if layer == 1:
                np.dot(observation[net // sharing].T, delta, matrix)
            else:
                site -= fan_in
                block = nets * samples * site + net * samples * fan_in
                np.dot(fed[block : block + samples * fan_in].reshape(samples, fan_in).T, delta, matrix)
                further = below[: samples * fan_in].reshape(samples, fan_in)
                np.dot(delta, weights[net, begin : end - width].reshape(fan_in, width).T, further)
                above, below, delta = below, above, further
