"""Patterns of ids and words, read alike by JSON Schema and by Python."""

END = r"(?!\n)$"
"""The end of a text. Alone, `$` also matches before a final newline in Python."""

ID = r"^[a-z0-9][a-z0-9-]{0,63}" + END
PLAIN = r"^[^\x00-\x1f\x7f]*" + END
"""No control character: some stores cannot keep them, and no line of a regulation holds one."""
