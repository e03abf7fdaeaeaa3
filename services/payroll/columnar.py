"""The lines of a batch as Parquet: a column for each field, amounts as decimals of yuan with two places."""

import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from payroll.batch import AMOUNTS, NUMBERS, BatchLine, Head

MEDIA = "application/vnd.apache.parquet"
_ROWS_PER_GROUP = 20_000


def parquet_of(head: Head, lines: Iterable[BatchLine]) -> bytes:
    """The file; its metadata says of which batch it is, and what it adds up to."""
    # It is large, and needed by nothing else.
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    kinds: dict[str, Any] = dict.fromkeys(NUMBERS, arrow.int32()) | dict.fromkeys(AMOUNTS, arrow.decimal128(18, 2))
    fields = [arrow.field(name, kinds.get(name, arrow.string()), False) for name in BatchLine.__struct_fields__]
    said = {
        "schema": head.schema,
        "run_id": head.run_id,
        "digest": head.digest,
        "lines": str(head.control.lines),
        "total": head.control.total,
    }
    schema, buffer = arrow.schema(fields, metadata=said), io.BytesIO()
    with parquet.ParquetWriter(buffer, schema) as writer:
        for portion in _portions(iter(lines)):
            columns = zip(*map(msgspec.structs.astuple, portion), strict=True)
            typed = [arrow.array(column).cast(field.type) for column, field in zip(columns, schema, strict=True)]
            writer.write_batch(arrow.RecordBatch.from_arrays(typed, schema=schema))
    return buffer.getvalue()


def _portions(lines: Iterator[BatchLine]) -> Iterator[list[BatchLine]]:
    while portion := list(islice(lines, _ROWS_PER_GROUP)):
        yield portion
