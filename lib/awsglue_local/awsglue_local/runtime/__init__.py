"""Spark as Glue 5.1 has it, on this machine: Java, jars, class archive, settings."""
