"""An imitation of AWS Glue's Python library: what batch jobs over JDBC need, everything else
refuses by name.
"""
