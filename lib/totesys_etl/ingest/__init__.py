"""Job ingest_totesys: totesys at one snapshot -> the exact difference -> one batch in the lake."""
