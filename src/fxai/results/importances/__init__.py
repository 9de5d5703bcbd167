"""Which parameters matter: shares, their intervals, and those that make no difference."""
