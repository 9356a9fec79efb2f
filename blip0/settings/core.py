"""Apps, middleware, templates, language and time."""

from blip0.settings.environment import PROJECT_ROOT, env

BASE_DIR = PROJECT_ROOT
DATA_DIR = PROJECT_ROOT / ".blip0"
MODE = env.mode
DEBUG = False
"""Never on: its error pages show settings and data. Errors are in the log with their request id."""

SECRET_KEY = env.text("SECRET_KEY")
ALLOWED_HOSTS = env.listed("ALLOWED_HOSTS")
PUBLIC_URL = env.text("BLIP0_PUBLIC_URL").rstrip("/")
WEB_URL = env.text("BLIP0_WEB_URL").rstrip("/")

# django-tenants: which tables live where. `tenants` and `platform_catalog` are the platform's,
# `triggers` and `monitors` exist once in each tenant's schema.
SHARED_APPS = [
    "django_tenants",
    "tenants",
    "platform_catalog",
    "cachesync",
    "blip0",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "django_structlog",
]
TENANT_APPS = ["triggers", "monitors"]
INSTALLED_APPS = [
    # `blip0` first: its `migrate` and `test` commands replace django-tenants'. Then the house from
    # the bottom up: an app's `ready()` may use what lies below it.
    "blip0",
    "tenants",
    "platform_catalog",
    "triggers",
    "monitors",
    "cachesync",
    *[
        app
        for app in SHARED_APPS
        if app not in {"blip0", "tenants", "platform_catalog", "cachesync"}
    ],
]
TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
PUBLIC_SCHEMA_NAME = "public"
TENANT_LIMIT_SET_CALLS = True
"""One `SET search_path` a connection and tenant, not a query. Safe from django-tenants 4.0.1."""

MIDDLEWARE = [
    "blip0.common.request_ids.RequestIdMiddleware",
    "blip0.common.addresses.ClientAddressMiddleware",
    "blip0.common.middleware.Utf8Middleware",
    "blip0.health.HealthMiddleware",
    "blip0.common.scraping.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "csp.middleware.CSPMiddleware",
    "blip0.common.middleware.PublicSchemaMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tenants.admin.middleware.StaffSessionMiddleware",
    "tenants.admin.middleware.StaffTenantMiddleware",
    "blip0.common.middleware.TooManyMiddleware",
]

ROOT_URLCONF = "blip0.urls"
WSGI_APPLICATION = "blip0.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PROJECT_ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["tenants.services.signin.CountingBackend"]
PASSWORD_RESET_TIMEOUT = 3600
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = "blip0.formats"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if MODE == "production"
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = MODE != "production"
WHITENOISE_AUTOREFRESH = MODE != "production"

DELIVERY_ALLOWED_TARGETS = env.listed("BLIP0_ALLOWED_TARGETS")
"""The default of a setting: see `blip0.common.allowed_targets`."""
