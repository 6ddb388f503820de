"""Fixtures of the local AWS's own tests."""

pytest_plugins = [
    "glue_fixtures.servers",
    "glue_fixtures.glue_plane",
    "glue_fixtures.glue_api",
    "glue_fixtures.glue_session",
]
