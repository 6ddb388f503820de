"""An imitation of AWS Glue's Python library: what batch jobs over PostgreSQL and S3 need. All
else is there by name and refuses.
"""

import sys

from awsglue._refused_modules import RefusedModules

if not any(isinstance(finder, RefusedModules) for finder in sys.meta_path):
    sys.meta_path.append(RefusedModules())
