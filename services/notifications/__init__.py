"""Tells people what concerns them, once."""
