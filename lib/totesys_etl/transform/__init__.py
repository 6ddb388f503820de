"""Job transform_star: raw batches -> one processed commit of star partitions."""
