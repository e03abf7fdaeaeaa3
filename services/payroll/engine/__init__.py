"""The pure pay engine, over columns of int64 fen."""
