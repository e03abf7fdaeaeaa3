"""Payroll: what everybody is due, worked out from the feed, and the monthly runs that pay the difference."""
