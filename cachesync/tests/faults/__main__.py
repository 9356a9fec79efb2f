"""`python -m cachesync.tests.faults`: the kill loop. `manage.py bench kills` starts it."""

from __future__ import annotations

import sys

# First: it sets Django up, which the next one's models need.
from cachesync.tests.faults import preload  # noqa: F401  # for what it does
from cachesync.tests.faults.kills import main

sys.exit(main())
