"""Pure rules of the ledger: states, decisions, refusals."""
