"""Are these rows the same, and where not? Canonical texts and sums over them, by key range."""
