"""A study from its spec to its files, whoever asks for it: a command or a program in Python."""
