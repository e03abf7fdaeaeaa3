"""One function per command: open streams, ask the rules, say what to append."""
