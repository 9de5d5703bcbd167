"""Packs of lanes: shapes, counter-based random numbers, masks, CUDA graphs."""
