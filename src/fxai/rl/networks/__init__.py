"""Networks of all lanes: MLP, GRU, transformer; forward and backward passes."""
