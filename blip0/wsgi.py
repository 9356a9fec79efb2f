"""The web process's entry point."""

import gc
import os
import sys

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "blip0.settings")

application = get_wsgi_application()

# What is there by now stays for good. Out of the collector's sight, it doesn't stop a request for a
# tenth of a second at each full collection, and forked workers go on sharing its memory.
gc.collect()
gc.freeze()

# A thread that comes back from Postgres waits this long for one that computes, with each query:
# Python's 5 ms make a write of 19 queries slow beside a single busy neighbour.
sys.setswitchinterval(0.0005)
