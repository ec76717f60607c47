"""Hypothesis draws the same examples each time, so that a red run is a change's own doing.

`HYPOTHESIS_PROFILE=wide` draws new ones. Neither has a deadline: the machine may be busy.
"""

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("wide", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
