"""DRF, access tokens, the OpenAPI document and email."""

from datetime import timedelta

import environ

from blip0.settings.environment import env

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tenants.api.authentication.ApiKeyAuthentication",
        "tenants.api.authentication.TenantJWTAuthentication",
        "tenants.api.sessions.TenantSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "blip0.common.api.schema.Blip0Schema",
    "DEFAULT_PARSER_CLASSES": ["blip0.common.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": [
        "blip0.common.api.renderers.OrjsonRenderer",
        "tenants.api.browsing.BrowsableRenderer",
    ],
    # OPTIONS is for CORS, which a middleware answers; the OpenAPI document describes the rest.
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "blip0.common.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "URL_FORMAT_OVERRIDE": None,
}
JWT_KEYS = env.text("BLIP0_JWT_KEYS")
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    # Its own backend has one key, and would take Django's; `tenants.api.tokens` has the keyring.
    "SIGNING_KEY": None,
    "ISSUER": "blip0",
    "AUDIENCE": "blip0-api",
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=30),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "USER_ID_FIELD": "id",
    "USER_ID_CLAIM": "sub",
    "AUTH_TOKEN_CLASSES": ["tenants.api.tokens.TenantAccessToken"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Blip0",
    "DESCRIPTION": "Watch blockchains from one platform: monitors, triggers and what they found.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "blip0.common.api.schema_hooks.name_no_null",
        "blip0.common.api.schema_hooks.name_filters",
        "blip0.common.api.schema_hooks.link_operations",
    ],
    # Names that generated clients may rely on: without these they change as fields come and go.
    "ENUM_NAME_OVERRIDES": {
        "NetworkType": "platform_catalog.choices.NetworkType.choices",
        "ScriptLanguage": "platform_catalog.choices.ScriptLanguage.choices",
        "TriggerType": "triggers.choices.TriggerKind.choices",
        "DisabledReason": "triggers.choices.DisabledReason.choices",
        "HttpMethod": "triggers.choices.HttpMethod.choices",
        "PayloadMode": "triggers.choices.PayloadMode.choices",
        "MonitorState": "monitors.choices.MonitorState.choices",
        "Severity": "monitors.choices.Severity.choices",
        "TransactionStatus": "monitors.validators.monitor.STATUSES",
        "ProjectionProgress": "blip0.common.api.projection.PROGRESS",
        "ProjectedState": "blip0.common.api.projection.STATES",
        "ExecutionStatus": "monitors.choices.ExecutionStatus.choices",
        "FindingLevel": ["error", "warning", "info"],
        "FindingSource": ["runtime", "policy"],
        "Verdict": ["ok", "parse_error", "invalid"],
        "ImportLevel": "monitors.api.files.LEVELS",
        "ImportKind": "monitors.api.files.KINDS",
        "ImportStatus": "monitors.openzeppelin.report.STATUSES",
        "ActorKind": "tenants.choices.ActorKind.choices",
        "TenantStatus": "tenants.choices.TenantStatus.choices",
        "InvitationState": ["open", "accepted", "revoked", "expired"],
        "Scope": "tenants.api.serializers.SCOPES",
        "Role": "tenants.choices.Role.choices",
        "RetryJitter": ["full", "none"],
        "SecretType": ["Plain"],
    },
}

_email = environ.Env.email_url_config(env.text("EMAIL_URL"))
EMAIL_BACKEND = _email["EMAIL_BACKEND"]
EMAIL_HOST = _email.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _email.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _email.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _email.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = _email.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _email.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL")
