"""The projection: which Redis the runtime reads, and how we write it."""

from blip0.settings.environment import env

REDIS_PROJECTION_URL = env.service_url("REDIS_PROJECTION_URL")
PROJECTION_SECRET_DELIVERY = env.text("BLIP0_SECRET_DELIVERY")
PROJECTION_WRITE_THROUGH_TIMEOUT_S = env.integer("BLIP0_WRITE_THROUGH_TIMEOUT_MS", 50, 200) / 1000
PROJECTION_TIMEOUT_S = 5.0
"""Socket timeout of the sweep and the reconciliation, which may move 4 MiB in a call."""
PROJECTION_REMOVAL_GRACE_S = env.integer("BLIP0_REMOVAL_GRACE_S", 1, 86_400)
PROJECTION_DEEP_CYCLE_S = env.integer("BLIP0_DEEP_CYCLE_S", 30, 86_400)
"""Within that time every byte in Redis is compared with a new rendering, some in each round."""
PROJECTION_RECEIVERS = True
"""Off only in tests and bulk loads that reconcile afterwards: the sweep finds what was missed."""
