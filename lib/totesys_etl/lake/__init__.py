"""The lake: immutable files, the numbered commits that make them real, and the catalogue."""
