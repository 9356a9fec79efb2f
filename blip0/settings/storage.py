"""Postgres, the cache and the Celery broker. The projection's Redis is in `projection`."""

import environ
from celery.schedules import schedule

from blip0.settings.environment import env

_database_url = env.service_url("DATABASE_URL")
DATABASES = {
    "default": {
        **(environ.Env.db_url_config(_database_url) if _database_url else {"NAME": "unset"}),
        "ENGINE": "blip0.common.db.postgresql",
        # A session keeps what it learns of each schema, and asks the catalogs no more: few ones
        # that live long save half of a request's time. Of some hundred tenants it holds 150 MiB.
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {"connect_timeout": 5},
    }
}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]

REDIS_CACHE_URL = env.service_url("REDIS_CACHE_URL")
_cache_options = {
    "CLIENT_CLASS": "django_redis.client.DefaultClient",
    "SOCKET_CONNECT_TIMEOUT": 1,
    "SOCKET_TIMEOUT": 1,
}
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_CACHE_URL,
        # Two tenants may use one key: the schema is part of it.
        "KEY_FUNCTION": "django_tenants.cache.make_key",
        "REVERSE_KEY_FUNCTION": "django_tenants.cache.reverse_key",
        "OPTIONS": _cache_options,
    },
    # Sessions are the platform's, whatever schema a request is in. Without this Redis they come
    # from the database, and staff work on; what it then misses is in rows, and they decide.
    "sessions": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_CACHE_URL,
        "KEY_PREFIX": "sessions",
        "OPTIONS": {**_cache_options, "IGNORE_EXCEPTIONS": True},
    },
}
SESSION_CACHE_ALIAS = "sessions"
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

CELERY_BROKER_URL = env.service_url("CELERY_BROKER_URL")
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 5}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    # `expires`: a worker that was away must not run a heap of stale rounds.
    "reconcile-projection": {
        "task": "cachesync.tasks.reconcile",
        "schedule": schedule(30.0),
        "options": {"expires": 25},
    },
    "sample-projection": {
        "task": "cachesync.tasks.sample",
        "schedule": schedule(60.0),
        "options": {"expires": 55},
    },
    "end-snoozes": {
        "task": "monitors.tasks.end_snoozes",
        "schedule": schedule(15.0),
        "options": {"expires": 14},
    },
    "recheck-findings": {
        "task": "monitors.tasks.recheck_findings",
        "schedule": schedule(60.0),
        "options": {"expires": 55},
    },
    "look-for-spec-conflicts": {
        "task": "monitors.tasks.look_for_spec_conflicts",
        "schedule": schedule(600.0),
        "options": {"expires": 590},
    },
    "continue-tenant-lifecycles": {
        "task": "tenants.tasks.continue_lifecycles",
        "schedule": schedule(60.0),
        "options": {"expires": 55},
    },
    "prune-token-families": {
        "task": "tenants.tasks.prune_token_families",
        "schedule": schedule(3600.0),
        "options": {"expires": 3500},
    },
    "prune-staff-sessions": {
        "task": "tenants.tasks.prune_staff_sessions",
        "schedule": schedule(3600.0),
        "options": {"expires": 3500},
    },
    "prune-config-changes": {
        "task": "tenants.tasks.prune_config_changes",
        "schedule": schedule(600.0),
        "options": {"expires": 590},
    },
    "prune-audit-log": {
        "task": "tenants.tasks.prune_audit_log",
        "schedule": schedule(3600.0),
        "options": {"expires": 3500},
    },
    "prune-kept-answers": {
        "task": "tenants.tasks.prune_kept_answers",
        "schedule": schedule(3600.0),
        "options": {"expires": 3500},
    },
}
