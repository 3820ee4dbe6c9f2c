"""Properties are checked without a clock: on a loaded machine a slow example is not a wrong one."""

import os

from hypothesis import settings

settings.register_profile("patient", deadline=None, derandomize=os.environ.get("CI") == "true", print_blob=True)
settings.load_profile("patient")
