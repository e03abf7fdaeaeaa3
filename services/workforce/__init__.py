"""The command line and the one-process system; the only package that sees all three services."""
