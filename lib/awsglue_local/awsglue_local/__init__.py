"""AWS Glue on a laptop: an AWS server, PostgreSQL, Spark and a runner for unchanged job scripts."""
