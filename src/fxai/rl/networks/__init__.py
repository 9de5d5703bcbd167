"""Networks of all lanes: MLP, GRU, transformer, their passes and gradients."""
