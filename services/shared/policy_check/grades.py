"""Bands, tables and posts that do not fit each other: a grade without a rate, a row too many, a post nobody pays."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from shared.policy_check.fault import Fault
from shared.policy_check.rates import KINDS, falling
from shared.policy_document import Axis, PayTable, PolicyDocument

_MOST = 99


def grade_faults(document: PolicyDocument) -> Iterator[Fault]:
    """What is wrong with bands, tables, and the posts they are for."""
    one_kind = sum(getattr(document, kind) is not None for kind in KINDS) == 1
    if one_kind and document.has_grades() and not document.bands:
        remedy = "add bands with the lowest and highest grade of each post: head: {lowest: 7, highest: 18}"
        yield Fault("/bands", "no band says which grades are open to which post, so that nobody has a grade", remedy)
    if one_kind and not document.has_grades():
        for part in ("bands", "grade_rules"):
            if getattr(document, part):
                yield Fault(f"/{part}", "the pay of this document has no grades", f"take {part} out")
    yield from _band_faults(document)
    if document.additive is not None:
        if not document.additive.tables:
            yield Fault("/additive/tables", "nothing is added up", "write at least one table")
        for name, table in document.additive.tables.items():
            yield from _table_faults(document, table, f"/additive/tables/{name}", rows_of_bands=one_kind)
    yield from _post_faults(document)


def _band_faults(document: PolicyDocument) -> Iterator[Fault]:
    """Bands that run downwards, or hold grades without a coefficient."""
    ladder = document.ladder
    for post, band in document.bands.items():
        rated = ladder.by_post.get(post, ladder.coefficients) if ladder else None
        if band.lowest > band.highest:
            detail = f"the lowest grade {band.lowest} lies above the highest {band.highest}"
            yield Fault(
                f"/bands/{post}", detail, f"write lowest: {band.highest}, highest: {band.lowest}, or what is meant"
            )
        elif rated is not None:
            missing = [grade for grade in range(band.lowest, band.highest + 1) if grade not in rated]
            if missing:
                row = f"ladder/by_post/{post}" if ladder and post in ladder.by_post else "ladder/coefficients"
                detail = f"grades {band.lowest} to {band.highest} do not all have a coefficient: not {_shown(missing)}"
                yield Fault(f"/bands/{post}", detail, f"add them to {row}, or narrow the band")


def _shown(grades: list[int]) -> str:
    return ", ".join(map(str, grades))


def _table_faults(document: PolicyDocument, table: PayTable, pointer: str, *, rows_of_bands: bool) -> Iterator[Fault]:
    if len(table.by) == 2 and (table.by[0] is not Axis.POST or table.by[1] is Axis.POST):
        yield Fault(f"{pointer}/by", "of two axes the first is post and the second another", "write by: [post, grade]")
        return
    if not table.monthly:
        yield Fault(f"{pointer}/monthly", "the table has no row", "write its rows, or take the table out")
    keys = [fault for key in table.monthly for fault in _key_faults(table, key, f"{pointer}/monthly/{key}")]
    yield from keys
    if keys or Axis.GRADE not in table.by or not table.monthly:
        return
    for post, row in _rows(table).items():
        whose = f" of {post}" if post else ""
        yield from falling(f"{pointer}/monthly{'/' + post if post else ''}", row, f"the amount{whose}")
        if rows_of_bands:
            missing = [grade for grade in _open_grades(document, post) if grade not in row]
            if missing:
                detail = f"grades open to {post or 'some post'} have no row: {_shown(missing)}"
                yield Fault(f"{pointer}/monthly", detail, "add their rows, or narrow the band")


def _key_faults(table: PayTable, key: str, pointer: str) -> Iterator[Fault]:
    words = key.split("/") if len(table.by) == 2 else [key]
    wanted = "/".join(table.by)
    if len(words) != len(table.by):
        yield Fault(pointer, f"the key names {' and '.join(table.by)}", f"write it as {wanted}")
        return
    for word, axis in zip(words, table.by, strict=True):
        if axis in (Axis.GRADE, Axis.YEARS):
            least = 1 if axis is Axis.GRADE else 0
            if not (word.isascii() and word.isdecimal()) or not least <= int(word) <= _MOST:
                yield Fault(
                    pointer,
                    f"the key names {' and '.join(table.by)}: {word} is none",
                    f"write it as {wanted}, a whole number from {least} to {_MOST}",
                )
            elif word != str(int(word)):
                yield Fault(pointer, f"{word} is {int(word)} with idle zeros", f"write {int(word)}")


def _rows(table: PayTable) -> dict[str, dict[int, Decimal]]:
    """Post (or nothing, where the table is not read by it) → grade → amount."""
    rows: dict[str, dict[int, Decimal]] = {}
    for key, amount in table.monthly.items():
        post, _, grade = key.rpartition("/")
        rows.setdefault(post, {})[int(grade)] = amount
    return rows


def _open_grades(document: PolicyDocument, post: str) -> list[int]:
    bands = [band for name, band in document.bands.items() if not post or name == post]
    return sorted({grade for band in bands for grade in range(band.lowest, band.highest + 1)})


def paid_posts(document: PolicyDocument) -> set[str]:
    """The posts that the document pays; none where that cannot be told."""
    if sum(getattr(document, kind) is not None for kind in KINDS) != 1:
        return set()
    if document.flat is not None:
        return {*document.flat.monthly}
    if document.has_grades():
        return {*document.bands, *document.other_posts} if document.bands else set()
    tables = document.additive.tables.values() if document.additive else ()
    return {
        *document.other_posts,
        *(key.split("/")[0] for table in tables if Axis.POST in table.by for key in table.monthly),
    }


def _post_faults(document: PolicyDocument) -> Iterator[Fault]:
    """Rules for a post that the document does not pay, and posts beside the ledger's that no table pays."""
    paid = paid_posts(document)
    named: Mapping[str, object] = {
        "/ladder/by_post": document.ladder.by_post if document.ladder else {},
        "/admission": document.admission,
        "/post_changes": document.post_changes,
    }
    for pointer, posts in named.items():
        for post in posts if paid else ():  # type: ignore[attr-defined]
            if post not in paid:
                yield not_paid(f"{pointer}/{post}", post, document)
    tables = document.additive.tables.values() if document.additive else ()
    rows = {key.split("/")[0] for table in tables if table.by[0] is Axis.POST for key in table.monthly}
    for post, title in document.other_posts.items():
        if document.additive is not None and post not in rows:
            yield Fault(
                f"/other_posts/{post}", f"no table pays {post}", f"add its row to a table by post, or take {post} out"
            )
        if not title.strip():
            yield Fault(
                f"/other_posts/{post}", "nothing says what this post is", f"write its name: {post}: 社区工作站工作人员"
            )


def not_paid(pointer: str, post: str, document: PolicyDocument) -> Fault:
    """A rule for a post without a rate."""
    where = "flat/monthly" if document.flat else "bands" if document.has_grades() else "a table by post"
    return Fault(pointer, f"this document pays nobody as {post}", f"take {post} out here, or add it to {where}")
