"""Epsilon-greedy actions as a compiled loop; see `rl/algorithms/epsilon_greedy.py`."""

from fxai.market.rules.compiled import Array, compiled

_TINY = 1.1754943508222875e-38  # smallest normal float32


@compiled
def epsilon_greedy_actions(preferences: Array, uniform: Array, epsilon: Array, action: Array) -> None:
    """Fills `action` [lane, sample].

    Preferences are [lane, action, sample], `uniform` is [lane, sample] and `epsilon` [lane].
    """
    lanes, actions, samples = preferences.shape
    real = uniform.dtype.type
    for lane in range(lanes):
        threshold = epsilon[lane]
        for i in range(samples):
            if uniform[lane, i] < threshold:
                rescaled = uniform[lane, i] / max(threshold, real(_TINY))
                action[lane, i] = min(int(rescaled * real(actions)), actions - 1)
                continue
            best, highest = 0, preferences[lane, 0, i]
            for a in range(1, actions):
                value = preferences[lane, a, i]
                if value > highest or (value != value and highest == highest):  # noqa: PLR0124 - NaN is the largest
                    best, highest = a, value
            action[lane, i] = best
