"""What the commands of glue-local do."""
