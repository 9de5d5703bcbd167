"""The order of a study's decisions: recorded while it runs, and repeated by a study that replays it.

A trial's numbers follow from its parameters and its seed, but what the sampler proposes and the pruner decides
follows from what has come in by then, and with several workers that is a matter of timing. Replayed, every
trial is asked, every report decided and every result told when its turn comes.
"""
