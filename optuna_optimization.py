"""The command line of FxAI, as the guide calls it."""

from fxai.cli.app import main

if __name__ == "__main__":
    main()
