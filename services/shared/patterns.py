"""Patterns of ids and words, read alike by JSON Schema and by Python."""

END = r"(?!\n)$"
"""The end of a text. Alone, `$` also matches before a final newline in Python."""

ID = r"^[a-z0-9][a-z0-9-]{0,63}" + END
PLAIN = r"^[^\x00-\x1f\x7f]*" + END
"""No control character: some stores cannot keep them, and no line of a regulation holds one."""
_BLANK = r"\x00-\x20\x7f-\xa0\xad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufeff"
SEEN = rf"^[^\x00-\x1f\x7f]*[^{_BLANK}][^\x00-\x1f\x7f]*" + END
"""The same, with something in it that is seen: spaces of all widths, marks of direction and fillers are not."""
