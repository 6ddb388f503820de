"""Fixtures for every tier; the servers start only for tests that ask for them."""

import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
# The tree is tested as it stands, whether or not the distributions are installed.
for _folder in ("lib", "lib/awsglue_local"):
    if str(_ROOT / _folder) not in sys.path:
        sys.path.insert(0, str(_ROOT / _folder))

pytest_plugins = ["fixtures.servers"]
