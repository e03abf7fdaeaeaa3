"""The story of Chibi's reform, told by commands through the same HTTP API as anyone would use."""
