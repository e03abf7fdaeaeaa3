"""Decides whether something may happen and writes down that it did."""
