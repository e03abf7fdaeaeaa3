"""Our figures, measured beside a peer on the same work in one run."""
