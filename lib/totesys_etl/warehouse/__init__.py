"""The PostgreSQL warehouse: eleven star tables as the ERD draws them, and schema `etl` beside."""

from totesys_etl.warehouse.load import LoadBatch, LoadReport, Warehouse, open_warehouse
from totesys_etl.warehouse.merge import TableLoad

__all__ = ["LoadBatch", "LoadReport", "TableLoad", "Warehouse", "open_warehouse"]
