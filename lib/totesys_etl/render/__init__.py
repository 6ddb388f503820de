"""One printer for each target: PostgreSQL, Spark, Arrow, the Glue Data Catalog."""
