"""The command line. Each command has one file, a thin wrapper over functions of the other folders."""
