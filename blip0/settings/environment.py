"""What Blip0 reads from the environment: every variable, its type, its default and its purpose.

This is the only module that touches `os.environ`. `.env.example` is generated from `VARIABLES`
(`python -m blip0.settings.environment > .env.example`) and a test keeps the two equal.

A secret may also come from a file: `NAME_FILE=/run/secrets/name`. Values are strict: a boolean is
`true` or `false`, an unknown choice is refused, and in production nothing secret has a default.
Standard library only, because the service launcher and `docker/` checks import it without Django.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from blip0.embedded.state import read_state

PROJECT_ROOT = Path(__file__).resolve().parents[2]

Mode = Literal["development", "test", "production"]


class EnvironmentProblem(Exception):
    """A variable is missing or malformed; the message names it, the rule and the fix."""


@dataclass(frozen=True)
class Variable:
    """One environment variable. `default=None` means: required in production."""

    name: str
    help: str
    default: str | None = ""
    secret: bool = False
    choices: tuple[str, ...] = ()


VARIABLES: tuple[Variable, ...] = (
    Variable(
        "BLIP0_ENV",
        "Where this process runs. Production refuses every development default.",
        default="development",
        choices=("development", "test", "production"),
    ),
    Variable("SECRET_KEY", "Django's signing key.", default=None, secret=True),
    Variable("ALLOWED_HOSTS", "Host names that are served, separated by commas.", default=None),
    Variable(
        "BLIP0_PUBLIC_URL",
        "Where users reach the platform; used in emails and for CSRF. With https, plain HTTP is "
        "redirected and cookies are secure.",
        default=None,
    ),
    Variable(
        "BLIP0_WEB_URL",
        "Where the web app is, for links in emails: its pages /join, /reset and /sign-up take the "
        "token after a #. Unset: emails tell how to do it with the API.",
    ),
    Variable("BLIP0_PORT", "Port of the web process of `make up`.", default="8000"),
    Variable(
        "DATABASE_URL",
        "postgres://user:password@host:port/name. Unset: the embedded PostgreSQL.",
        secret=True,
    ),
    Variable(
        "REDIS_PROJECTION_URL",
        "The Redis that the runtime reads: noeviction, AOF, its own instance. Unset: embedded.",
        secret=True,
    ),
    Variable(
        "REDIS_CACHE_URL",
        "Redis of Django's cache, never the projection's instance. Unset: embedded.",
        secret=True,
    ),
    Variable(
        "CELERY_BROKER_URL",
        "Redis of Celery's broker: the cache's instance, another database. Unset: embedded.",
        secret=True,
    ),
    Variable(
        "BLIP0_SEALING_KEYS",
        "Keyring that seals tenants' secrets: `id:base64 of 32 bytes`, separated by commas; the "
        "first one seals, all of them open.",
        default=None,
        secret=True,
    ),
    Variable(
        "BLIP0_SCRIPT_SIGNING_KEY",
        "Key of the HMAC on filter scripts; the runtime holds it too, Redis never does.",
        default=None,
        secret=True,
    ),
    Variable(
        "BLIP0_JWT_KEYS",
        "Keyring of access and refresh tokens: `id:base64 of 32 bytes`, separated by commas; the "
        "first one signs, all of them verify.",
        default=None,
        secret=True,
    ),
    Variable(
        "BLIP0_SECRET_DELIVERY",
        "How secrets stand in Redis. `plain` only for a runtime that cannot open sealed ones.",
        default="sealed",
        choices=("sealed", "plain"),
    ),
    Variable(
        "BLIP0_WRITE_THROUGH_TIMEOUT_MS",
        "How long a request may wait for the projection's Redis, 50 to 200 ms.",
        default="150",
    ),
    Variable(
        "BLIP0_REMOVAL_GRACE_S",
        "Seconds that a removed document stays readable for a reader that already listed it.",
        default="300",
    ),
    Variable(
        "BLIP0_DEEP_CYCLE_S",
        "Seconds within which every document in Redis is rendered anew and compared.",
        default="600",
    ),
    Variable(
        "BLIP0_TENANT_GRACE_DAYS",
        "Days between a tenant's deletion and the end of its data.",
        default="30",
    ),
    Variable(
        "BLIP0_ALLOWED_TARGETS",
        "Hosts and networks that deliveries may reach though they aren't on the public internet, "
        "separated by commas: `hooks.internal,10.1.0.0/16`. Until staff set `allowed_targets`.",
    ),
    Variable("CORS_ALLOWED_ORIGINS", "Origins of web apps that may call the API, comma separated."),
    Variable(
        "EMAIL_URL",
        "smtp://user:password@host:port or consolemail:// (prints emails).",
        default="consolemail://",
        secret=True,
    ),
    Variable("DEFAULT_FROM_EMAIL", "Sender of the platform's emails.", default="blip0@localhost"),
    Variable(
        "BLIP0_METRICS_TOKEN",
        "Who sends it as `Authorization: Bearer …` may read metrics. Without it and without "
        "BLIP0_METRICS_NETWORKS: only this machine may.",
        secret=True,
    ),
    Variable(
        "BLIP0_METRICS_NETWORKS",
        "Networks from which metrics may be read without a token, separated by commas: "
        "`10.1.0.0/16`. Never through a proxy.",
    ),
    Variable(
        "BLIP0_METRICS_LISTEN",
        "address:port at which worker, beat and projector serve their metrics: `0.0.0.0:9464`. "
        "Unset: they don't. The web process serves /metrics.",
    ),
    Variable(
        "PROMETHEUS_MULTIPROC_DIR",
        "Folder in which the processes of one machine or container keep their metrics, so that "
        "one of them tells of all. `make up` sets it. Unset: each tells of itself.",
    ),
    Variable(
        "LOG_LEVEL",
        "Least severe level that is logged.",
        default="INFO",
        choices=("DEBUG", "INFO", "WARNING", "ERROR"),
    ),
    Variable(
        "LOG_FORMAT",
        "`json` for machines, `console` for people.",
        default="console",
        choices=("json", "console"),
    ),
    Variable(
        "BLIP0_TRUST_PROXY",
        "`true` only behind a proxy that sets X-Forwarded-Proto and appends to X-Forwarded-For "
        "itself.",
        default="false",
        choices=("true", "false"),
    ),
)

# Development and tests need no .env: fixed, public, and refused in production by `read`.
DEVELOPMENT_VALUES: Mapping[str, str] = {
    "SECRET_KEY": "development-only-" + "k" * 48,
    "BLIP0_PUBLIC_URL": "http://127.0.0.1:8000",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1],testserver",
    "BLIP0_SEALING_KEYS": "dev:ZGV2ZWxvcG1lbnQtb25seS1zZWFsaW5nLWtleS0zMmI=",
    "BLIP0_SCRIPT_SIGNING_KEY": "development-only-script-signing-key",
    "BLIP0_JWT_KEYS": "dev:ZGV2ZWxvcG1lbnQtb25seS1qd3Qtc2lnbmluZy1rZXk=",
}

_SERVICE_VARIABLES = {
    "DATABASE_URL": "database_url",
    "REDIS_PROJECTION_URL": "redis_projection_url",
    "REDIS_CACHE_URL": "redis_cache_url",
    "CELERY_BROKER_URL": "celery_broker_url",
}


class Environment:
    """Typed access to the variables above.

    Raises `EnvironmentProblem` for a value that breaks its rule and for a secret or host list that
    production lacks; `KeyError` for a name that `VARIABLES` does not declare.
    """

    def __init__(self, source: Mapping[str, str], root: Path = PROJECT_ROOT) -> None:
        self._source = source
        self._root = root
        self._variables = {variable.name: variable for variable in VARIABLES}
        self.mode: Mode = self.text("BLIP0_ENV")  # type: ignore[assignment]  # checked by choices

    def text(self, name: str) -> str:
        variable = self._variables[name]
        value = self._raw(variable)
        if variable.choices and value not in variable.choices:
            raise EnvironmentProblem(
                f"{name}={value!r}: must be one of {', '.join(variable.choices)}."
            )
        return value

    def boolean(self, name: str) -> bool:
        return self.text(name) == "true"

    def integer(self, name: str, minimum: int, maximum: int) -> int:
        value = self.text(name)
        if not (value.isascii() and value.isdecimal() and minimum <= int(value) <= maximum):
            raise EnvironmentProblem(
                f"{name}={value!r}: must be a whole number from {minimum} to {maximum}."
            )
        return int(value)

    def listed(self, name: str) -> list[str]:
        return [item.strip() for item in self.text(name).split(",") if item.strip()]

    def service_url(self, name: str) -> str:
        """The URL of a service: from the environment, else of the embedded one that runs.

        Returns "" where neither is there, so that commands which need no service still start; the
        check `blip0.E001` and the first connection then say what to do.
        """
        if value := self.text(name):
            return value
        endpoints = read_state(self._root) if self.mode != "production" else None
        if endpoints is None:
            return ""
        return str(getattr(endpoints, _SERVICE_VARIABLES[name]))

    def _raw(self, variable: Variable) -> str:
        value = self._source.get(variable.name, "")
        if variable.secret and (file := self._source.get(f"{variable.name}_FILE", "")):
            if value:
                raise EnvironmentProblem(
                    f"{variable.name} and {variable.name}_FILE are both set: remove one."
                )
            try:
                value = Path(file).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise EnvironmentProblem(
                    f"{variable.name}_FILE={file}: cannot be read ({error.strerror})."
                ) from error
        if value:
            if self._production and value == DEVELOPMENT_VALUES.get(variable.name):
                raise EnvironmentProblem(
                    f"{variable.name} holds the public development value: generate your own."
                )
            return value
        if variable.default is not None:
            return variable.default
        if self._production:
            raise EnvironmentProblem(
                f"{variable.name} is not set: production needs it. {variable.help}"
            )
        return DEVELOPMENT_VALUES[variable.name]

    @property
    def _production(self) -> bool:
        return self._source.get("BLIP0_ENV") == "production"


def example() -> str:
    """The text of `.env.example`."""
    lines = [
        "# Every variable that Blip0 reads. Copy to .env (read by docker compose) or export them.",
        "# Secrets may come from files instead: NAME_FILE=/run/secrets/name.",
        "# Development needs none of them.",
    ]
    for variable in VARIABLES:
        note = [variable.help]
        if variable.choices:
            note.append(f"One of: {', '.join(variable.choices)}.")
        if variable.default is None:
            note.append("Required in production.")
        lines += ["", f"# {' '.join(note)}", f"{variable.name}={variable.default or ''}"]
    return "\n".join(lines) + "\n"


env = Environment(os.environ)

if __name__ == "__main__":
    sys.stdout.write(example())
