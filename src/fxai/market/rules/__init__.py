"""The rules of trading and of the reward, as plain functions that numba compiles."""
