"""What a pack of lanes consists of: shapes, counter-based random numbers, masks, CUDA graphs."""
