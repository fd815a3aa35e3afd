"""Runs the command as `python -m artaudit`."""

from artaudit.cli import main

if __name__ == "__main__":
    main()
