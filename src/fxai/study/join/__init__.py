"""Several runs on one study: one owns it, the others lend it their workers."""
