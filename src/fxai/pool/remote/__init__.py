"""Workers on other machines: hosts that keep worker processes there, and the pool of their workers in the parent."""
