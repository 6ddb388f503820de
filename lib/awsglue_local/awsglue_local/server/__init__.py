"""The local AWS server: moto, with the parts of AWS Glue that really run."""
