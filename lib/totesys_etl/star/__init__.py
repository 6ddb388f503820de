"""Pure Spark transforms from raw changes and current rows to the star tables of the contracts.

No S3, JDBC, clock or logger; the result never depends on how batches were grouped into ranges.
"""
