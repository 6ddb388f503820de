"""Rebuild current rows, star tables or warehouse from the raw bucket, beside what is in use."""
