"""A multilayer perceptron's passes; `rl/networks/mlp.py` says what is done and why.

Each net is taken through alone, so that what one product leaves is still near the core when the next reads it.
Weights are [net, size] with each layer's matrix [fan_in, fan_out] and bias side by side, last the head's
[outputs, width] and bias. `widths` are those of the observation, the hidden layers and the outputs. Layers lie
one behind the other in `activity` and `fed`, each as [net, sample, width]; `fed` is what is left after dropout,
and may be the same array.
"""

import numpy as np

from fxai.rl.kernels.compiled import Array, compiled


@compiled
def mlp_forward(
    weights: Array,
    stride: int,
    widths: Array,
    observation: Array,
    keep: Array,
    activity: Array,
    fed: Array,
    outputs: Array,
) -> None:
    """Fill the last three; `outputs` are [net, output, sample].

    The weights of all nets are one row here, in which a net's begin `stride` numbers after those of the one before.
    Observations are [net, sample, inputs], or fewer, each for several nets, one after the other. `keep` is
    [net, sample, site], with no site where nothing is silenced.
    """
    nets, count, samples = outputs.shape
    layers, sharing = len(widths) - 2, nets // observation.shape[0]
    real = weights.dtype.type
    two, quarter, furthest = real(2), real(0.25), real(19)  # beyond it, a tanh is 1 in any precision
    a0, a2, a4 = real(135135), real(17325), real(378)
    b2, b4, b6 = real(62370), real(3150), real(28)
    for net in range(nets):
        inputs = observation[net // sharing]
        at, site = net * stride, 0
        for layer in range(1, layers + 1):
            fan_in, width = widths[layer - 1], widths[layer]
            bias_at = at + fan_in * width
            bias = weights[bias_at : bias_at + width]
            block = (nets * site + net * width) * samples
            here = activity[block : block + samples * width].reshape(samples, width)
            np.dot(inputs, weights[at:bias_at].reshape(fan_in, width), here)
            # tanh by its Pade approximant of 7 by 6 (from Lambert's continued fraction) at a quarter of the way,
            # doubled twice: within 3 units in the last place of float32, 3e-13 in float64. A library's own one is
            # fast on some processors only, and may round the end of an array in another way than the rest.
            for i in range(samples):
                for j in range(width):
                    way = here[i, j] + bias[j]
                    if way > furthest:
                        way = furthest
                    if way < -furthest:  # unlike min and max, it leaves NaN as it is
                        way = -furthest
                    way *= quarter
                    square = way * way
                    top = way * (a0 + square * (a2 + square * (a4 + square)))
                    bottom = a0 + square * (b2 + square * (b4 + square * b6))
                    top, bottom = two * top * bottom, top * top + bottom * bottom
                    here[i, j] = two * top * bottom / (top * top + bottom * bottom)
            inputs = fed[block : block + samples * width].reshape(samples, width)
            if keep.shape[2]:
                for i in range(samples):
                    for j in range(width):
                        inputs[i, j] = here[i, j] * keep[net, i, site + j]
            at = bias_at + width
            site += width
        bias_at = at + count * widths[layers]
        np.dot(weights[at:bias_at].reshape(count, widths[layers]), inputs.T, outputs[net])
        for a in range(count):
            for i in range(samples):
                outputs[net, a, i] += weights[bias_at + a]


@compiled
def mlp_backward(
    weights: Array,
    widths: Array,
    observation: Array,
    keep: Array,
    activity: Array,
    fed: Array,
    d_outputs: Array,
    gradient: Array,
) -> None:
    """Fill `gradient` [net, size] from the derivative by outputs, and what `mlp_forward` was given and left."""
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
        block = (nets * site + net * width) * samples
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
                block = (nets * site + net * fan_in) * samples
                np.dot(fed[block : block + samples * fan_in].reshape(samples, fan_in).T, delta, matrix)
                further = below[: samples * fan_in].reshape(samples, fan_in)
                np.dot(delta, weights[net, begin : end - width].reshape(fan_in, width).T, further)
                above, below, delta = below, above, further
