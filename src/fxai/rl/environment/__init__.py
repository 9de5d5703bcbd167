"""The trading environments of all lanes, on numba for a CPU and on torch for a GPU."""
