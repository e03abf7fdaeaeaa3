"""How a rule says no: a stable code, what is wrong and where, and the way out."""

from collections.abc import Mapping


class Refused(Exception):
    """A command or request that the rules do not allow. Nothing was written.

    `code` is in the catalogue of `problems.py`; `pointer` names the place in the body (JSON pointer) or the
    parameter; `remedy` is what the reader can do; `extra` carries what a program may need (a current version).
    """

    def __init__(
        self, code: str, detail: str, *, remedy: str, pointer: str = "", extra: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.pointer = pointer
        self.extra = dict(extra or {})
