"""Several studies side by side: what they found, how soon, and by which parameters."""
