"""`python -m workforce`: the command line."""

from workforce.cli import app

app()
