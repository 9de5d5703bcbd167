"""Forward and backward pass of a multilayer perceptron as compiled loops; see `rl/networks/mlp.py`.

The nets are processed one after the other, so that intermediate results stay in the cache. Weights are [net, size]:
each layer's matrix [fan_in, fan_out] and bias, then the head's matrix [outputs, width] and bias. `widths` are those of
the observation, the hidden layers and the outputs. `activations` and `after_dropout` have the nets one after the other,
and of each net the layers one after the other, each as [sample, width]. Both may be the same array.
"""

from fxai.market.rules.compiled import Array, compiled_arithmetic, separate
from fxai.rl.kernels.aligned_memory import aligned
from fxai.rl.kernels.elementary import tanh
from fxai.rl.kernels.products import multiply
from fxai.rl.kernels.transposes import transpose
from fxai.rl.kernels.vectors import use_longest_vectors


def net_memory(weights: Array, widths: Array, samples: int) -> Array:
    """Memory for the passes of one net over up to `samples` samples; other loops call it."""
    widest = widths[1:].max()
    return aligned(widest * (widest + 2 * samples), weights)


def _add_bias_and_tanh(layer_output: Array, bias: Array) -> None:
    """Adds the bias [width] to `layer_output` [sample, width] and replaces it by its tanh."""
    use_longest_vectors()
    for i in range(len(layer_output)):
        for j in range(len(bias)):
            layer_output[i, j] = tanh(layer_output[i, j] + bias[j])


@separate
def net_forward(
    weights: Array,
    widths: Array,
    observation: Array,
    keep: Array,
    net: int,
    activations: Array,
    after_dropout: Array,
    memory: Array,
    outputs: Array,
) -> None:
    """Computes the first outputs of one net; other loops call it.

    Args:
        weights: [size].
        widths: As in `mlp_forward`.
        observation: [sample, inputs].
        keep: As in `mlp_forward`.
        net: The net's index in `keep`.
        activations: Filled: outputs of tanh, [sample * site].
        after_dropout: Filled: outputs of tanh after dropout, [sample * site].
        memory: By `net_memory`.
        outputs: Filled: [output, sample]; may have less outputs than the net.
    """
    count, samples = outputs.shape
    layers = len(widths) - 2
    inputs, inputs_at = observation.reshape(observation.size), 0
    offset, site = 0, 0
    for layer in range(1, layers + 1):
        fan_in, width = widths[layer - 1], widths[layer]
        bias_at = offset + fan_in * width
        begin, end = site * samples, (site + width) * samples
        multiply(inputs, inputs_at, fan_in, 1, weights, offset, activations, begin, samples, fan_in, width)
        layer_output = activations[begin:end].reshape(samples, width)
        _add_bias_and_tanh(layer_output, weights[bias_at : bias_at + width])
        if keep.shape[2]:
            dropped = after_dropout[begin:end].reshape(samples, width)
            for i in range(samples):
                for j in range(width):
                    dropped[i, j] = layer_output[i, j] * keep[net, i, site + j]
        inputs, inputs_at = after_dropout, begin
        offset = bias_at + width
        site += width
    width, bias_at = widths[layers], offset + widths[-1] * widths[layers]
    transpose(inputs, inputs_at, samples, width, memory, 0)
    multiply(weights, offset, width, 1, memory, 0, outputs.reshape(outputs.size), 0, count, width, samples)
    for a in range(count):
        for i in range(samples):
            outputs[a, i] += weights[bias_at + a]


@separate
def net_backward(
    weights: Array,
    widths: Array,
    observation: Array,
    keep: Array,
    net: int,
    activations: Array,
    after_dropout: Array,
    d_outputs: Array,
    memory: Array,
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
        d_outputs: Derivative by the first outputs, [output, sample]. The derivative by the others is 0.
        memory: By `net_memory`.
        gradient: Filled: [size].
    """
    count, samples = d_outputs.shape
    layers = len(widths) - 2
    width, widest = widths[layers], widths[1:].max()
    delta_at, next_at = widest * widest, widest * (widest + samples)  # in the memory; the first part is for transposes
    begin = len(weights) - widths[-1] * (width + 1)
    site = widths[1 : layers + 1].sum() - width
    slopes = d_outputs.reshape(d_outputs.size)
    gradient[begin:] = 0
    multiply(slopes, 0, samples, 1, after_dropout, site * samples, gradient, begin, count, samples, width)
    multiply(slopes, 0, 1, samples, weights, begin, memory, delta_at, samples, count, width)
    for a in range(count):
        total = weights.dtype.type(0)
        for i in range(samples):
            total += d_outputs[a, i]
        gradient[begin + widths[-1] * width + a] = total

    for layer in range(layers, 0, -1):
        fan_in, width = widths[layer - 1], widths[layer]
        end, begin = begin, begin - (fan_in + 1) * width
        layer_output = activations[site * samples : (site + width) * samples].reshape(samples, width)
        delta = memory[delta_at : delta_at + samples * width].reshape(samples, width)
        if keep.shape[2]:
            for i in range(samples):
                for j in range(width):
                    delta[i, j] *= keep[net, i, site + j]
        _through_tanh(delta, layer_output, gradient[end - width : end])
        site -= fan_in
        if layer == 1:
            inputs, inputs_at = observation.reshape(observation.size), 0
        else:
            inputs, inputs_at = after_dropout, site * samples
        multiply(inputs, inputs_at, 1, fan_in, memory, delta_at, gradient, begin, fan_in, samples, width)
        if layer > 1:
            transpose(weights, begin, fan_in, width, memory, 0)
            multiply(memory, delta_at, width, 1, memory, 0, memory, next_at, samples, width, fan_in)
            delta_at, next_at = next_at, delta_at


def _through_tanh(delta: Array, layer_output: Array, bias: Array) -> None:
    """Multiplies `delta` [sample, width] by the slope of tanh; fills `bias` [width] with the sums over the samples."""
    use_longest_vectors()
    one = bias.dtype.type(1)
    bias[:] = 0
    for i in range(len(delta)):
        for j in range(len(bias)):
            slope = delta[i, j] * (one - layer_output[i, j] * layer_output[i, j])
            delta[i, j] = slope
            bias[j] += slope


@compiled_arithmetic
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
    size, memory = len(activations) // nets, net_memory(weights, widths, outputs.shape[2])
    for net in range(nets):
        own, seen = slice(net * size, (net + 1) * size), observation[net // sharing]
        of_net = weights[net * stride :]
        net_forward(of_net, widths, seen, keep, net, activations[own], after_dropout[own], memory, outputs[net])


@compiled_arithmetic
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
    memory = net_memory(weights[0], widths, d_outputs.shape[2])
    for net in range(nets):
        own, seen, slopes = slice(net * size, (net + 1) * size), observation[net // sharing], d_outputs[net]
        kept = activations[own], after_dropout[own]
        net_backward(weights[net], widths, seen, keep, net, kept[0], kept[1], slopes, memory, gradient[net])
