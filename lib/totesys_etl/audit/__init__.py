"""Job audit_warehouse: warehouse = star tables = replay of all raw changes, or rows are named."""
