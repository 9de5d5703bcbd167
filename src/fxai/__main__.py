"""`python -m fxai`: the same program as `fxai`."""

from fxai.cli.app import main

if __name__ == "__main__":
    main()
