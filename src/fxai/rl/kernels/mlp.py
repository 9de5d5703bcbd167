"""Forward and backward pass of a multilayer perceptron as compiled loops; see `rl/networks/mlp.py`.

The nets are processed one after the other, so that intermediate results stay in the cache. Weights are [net, size]:
each layer's matrix [fan_in, fan_out] and bias, then the head's matrix [outputs, width] and bias. `widths` are those of
the observation, the hidden layers and the outputs. `activations` and `after_dropout` have the nets one after the other,
and of each net the layers one after the other, each as [sample, width]. Both may be the same array.
"""

import numpy as np

from fxai.market.rules.compiled import Array, compiled


def net_forward(
    weights: Array,
    widths: Array,
    observation: Array,
    keep: Array,
    net: int,
    activations: Array,
    after_dropout: Array,
    outputs: Array,
) -> None:
    """Computes the outputs of one net; other loops call it.

    Args:
        weights: [size].
        widths: As in `mlp_forward`.
        observation: [sample, inputs].
        keep: As in `mlp_forward`.
        net: The net's index in `keep`.
        activations: Filled: outputs of tanh, [sample * site].
        after_dropout: Filled: outputs of tanh after dropout, [sample * site].
        outputs: Filled: [output, sample].
    """
    count, samples = outputs.shape
    layers = len(widths) - 2
    real = weights.dtype.type
    two, quarter, tanh_limit = real(2), real(0.25), real(19)  # tanh is 1 beyond it in any precision
    a0, a2, a4 = real(135135), real(17325), real(378)
    b2, b4, b6 = real(62370), real(3150), real(28)
    inputs = observation
    offset, site = 0, 0
    for layer in range(1, layers + 1):
        fan_in, width = widths[layer - 1], widths[layer]
        bias_at = offset + fan_in * width
        bias = weights[bias_at : bias_at + width]
        block = site * samples
        layer_output = activations[block : block + samples * width].reshape(samples, width)
        np.dot(inputs, weights[offset:bias_at].reshape(fan_in, width), layer_output)
        # tanh by its Pade approximant 7/6 (Lambert's continued fraction) at a quarter of the argument, then two
        # doublings. The error is at most 3 units in the last place of float32, 3e-13 in float64. Library
        # functions are fast on some processors only, and may round the last elements of an array differently.
        for i in range(samples):
            for j in range(width):
                pre_activation = layer_output[i, j] + bias[j]
                if pre_activation > tanh_limit:
                    pre_activation = tanh_limit
                if pre_activation < -tanh_limit:  # unlike min and max, a comparison keeps NaN
                    pre_activation = -tanh_limit
                pre_activation *= quarter
                square = pre_activation * pre_activation
                top = pre_activation * (a0 + square * (a2 + square * (a4 + square)))
                bottom = a0 + square * (b2 + square * (b4 + square * b6))
                top, bottom = two * top * bottom, top * top + bottom * bottom
                layer_output[i, j] = two * top * bottom / (top * top + bottom * bottom)
        inputs = after_dropout[block : block + samples * width].reshape(samples, width)
        if keep.shape[2]:
            for i in range(samples):
                for j in range(width):
                    inputs[i, j] = layer_output[i, j] * keep[net, i, site + j]
        offset = bias_at + width
        site += width
    bias_at = offset + count * widths[layers]
    np.dot(weights[offset:bias_at].reshape(count, widths[layers]), inputs.T, outputs)
    for a in range(count):
        for i in range(samples):
            outputs[a, i] += weights[bias_at + a]


def net_backward(
    weights: Array,
    widths: Array,
    observation: Array,
    keep: Array,
    net: int,
    activations: Array,
    after_dropout: Array,
    d_outputs: Array,
    deltas: Array,
    gradient: Array,
) -> None:
    """Computes the gradient of one net by its weights; other loops call it.

    Args:
        weights: [size].
        widths: As in `mlp_forward`.
        observation: [sample, inputs].
        keep: As in `mlp_forward`.
        net: The net's index in `keep`.
        activations: As filled by `net_forward`.
        after_dropout: As filled by `net_forward`.
        d_outputs: Derivative by the outputs, [output, sample].
        deltas: Memory [2, sample * width] for derivatives by the layers, of the widest layer.
        gradient: Filled: [size].
    """
    count, samples = d_outputs.shape
    layers = len(widths) - 2
    one = weights.dtype.type(1)
    width = widths[layers]
    end = len(weights)
    begin = end - count * (width + 1)
    site = widths[1 : layers + 1].sum() - width
    block = site * samples
    last = after_dropout[block : block + samples * width].reshape(samples, width)
    np.dot(d_outputs, last, gradient[begin : end - count].reshape(count, width))
    for a in range(count):
        total = weights.dtype.type(0)
        for i in range(samples):
            total += d_outputs[a, i]
        gradient[end - count + a] = total
    now = 0
    delta = deltas[now, : samples * width].reshape(samples, width)
    np.dot(d_outputs.T, weights[begin : end - count].reshape(count, width), delta)

    for layer in range(layers, 0, -1):
        fan_in, width = widths[layer - 1], widths[layer]
        end, begin = begin, begin - (fan_in + 1) * width
        layer_output = activations[block : block + samples * width].reshape(samples, width)
        bias = gradient[end - width : end]
        bias[:] = 0
        for i in range(samples):
            if keep.shape[2]:
                for j in range(width):
                    delta[i, j] *= keep[net, i, site + j]
            for j in range(width):
                slope = delta[i, j] * (one - layer_output[i, j] * layer_output[i, j])
                delta[i, j] = slope
                bias[j] += slope
        matrix = gradient[begin : end - width].reshape(fan_in, width)
        if layer == 1:
            np.dot(observation.T, delta, matrix)
        else:
            site -= fan_in
            block = site * samples
            np.dot(after_dropout[block : block + samples * fan_in].reshape(samples, fan_in).T, delta, matrix)
            now = 1 - now
            next_delta = deltas[now, : samples * fan_in].reshape(samples, fan_in)
            np.dot(delta, weights[begin : end - width].reshape(fan_in, width).T, next_delta)
            delta = next_delta


@compiled
def mlp_forward(
    weights: Array,
    stride: int,
    widths: Array,
    observation: Array,
    keep: Array,
    activations: Array,
    after_dropout: Array,
    outputs: Array,
) -> None:
    """Computes the outputs; fills `activations`, `after_dropout` and `outputs` [net, output, sample].

    Args:
        weights: Weights of all nets as one row.
        stride: Distance in `weights` between the first weights of consecutive nets.
        widths: Widths of the observation, the hidden layers and the outputs.
        observation: [n, sample, inputs]. If n is less than the number of nets, each is used by several consecutive
            nets.
        keep: Dropout factors [net, sample, site]; without sites there is no dropout.
        activations: Filled: outputs of tanh.
        after_dropout: Filled: outputs of tanh after dropout.
        outputs: Filled.
    """
    nets, sharing = len(outputs), len(outputs) // len(observation)
    size = len(activations) // nets
    for net in range(nets):
        own, seen = slice(net * size, (net + 1) * size), observation[net // sharing]
        of_net = weights[net * stride :]
        net_forward(of_net, widths, seen, keep, net, activations[own], after_dropout[own], outputs[net])


@compiled
def mlp_backward(
    weights: Array,
    widths: Array,
    observation: Array,
    keep: Array,
    activations: Array,
    after_dropout: Array,
    d_outputs: Array,
    gradient: Array,
) -> None:
    """Computes the gradient by the weights; fills `gradient` [net, size].

    Args:
        weights: [net, size].
        widths: As in `mlp_forward`.
        observation: As in `mlp_forward`.
        keep: As in `mlp_forward`.
        activations: As filled by `mlp_forward`.
        after_dropout: As filled by `mlp_forward`.
        d_outputs: Derivative by the outputs, [net, output, sample].
        gradient: Filled.
    """
    nets, sharing = len(d_outputs), len(d_outputs) // len(observation)
    size = len(activations) // nets
    deltas = np.empty((2, d_outputs.shape[2] * widths[1:-1].max()), weights.dtype)
    for net in range(nets):
        own, seen, slopes = slice(net * size, (net + 1) * size), observation[net // sharing], d_outputs[net]
        kept = activations[own], after_dropout[own]
        net_backward(weights[net], widths, seen, keep, net, kept[0], kept[1], slopes, deltas, gradient[net])
