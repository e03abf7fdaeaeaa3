"""What the benches take on the command line."""

import argparse


def positive(text: str) -> int:
    """A whole number above zero. Raises argparse.ArgumentTypeError."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
    return int(text)
