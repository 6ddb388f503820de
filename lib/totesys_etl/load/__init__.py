"""Job load_warehouse: processed commits -> the PostgreSQL warehouse, one transaction each."""
