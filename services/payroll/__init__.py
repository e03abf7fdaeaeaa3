"""Projects the log into what each worker is due each month and who pays it."""
