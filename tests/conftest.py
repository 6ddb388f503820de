"""Fixtures for every tier; the servers start only for tests that ask for them."""

pytest_plugins = [
    "fixtures.servers",
    "fixtures.bench",
    "fixtures.glue_plane",
    "fixtures.glue_api",
    "fixtures.glue_session",
    "fixtures.telling",
]
