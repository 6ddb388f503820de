"""Fixtures for every tier; the servers start only for tests that ask for them."""

pytest_plugins = [
    "glue_fixtures.servers",
    "fixtures.harness",
    "fixtures.platform",
    "fixtures.story",
    "fixtures.demo",
    "fixtures.crashes.plugin",
    "fixtures.reporting",
]
