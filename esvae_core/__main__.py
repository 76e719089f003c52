"""`python -m esvae_core`: the `esvae` command where its script is not on the path."""

from esvae_core.cli import main

if __name__ == "__main__":
    main()
