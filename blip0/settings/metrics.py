"""What is measured, and who may read it."""

from blip0.settings.environment import env

METRICS_FOLDER = env.text("PROMETHEUS_MULTIPROC_DIR")
METRICS_LISTEN = env.text("BLIP0_METRICS_LISTEN")
METRICS_TOKEN = env.text("BLIP0_METRICS_TOKEN")
METRICS_NETWORKS = env.listed("BLIP0_METRICS_NETWORKS")
