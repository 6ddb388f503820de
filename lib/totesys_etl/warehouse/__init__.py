"""The PostgreSQL warehouse: eleven star tables as the ERD draws them, and schema `etl` beside."""
