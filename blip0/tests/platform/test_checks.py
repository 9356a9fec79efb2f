"""The settings' system checks, and `check --deploy` as production runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.core.checks import run_checks

from blip0 import checks
from blip0.testing import PROJECT_ROOT

SERVICES = {
    "DATABASE_URL": "postgres://blip0:secret@db.internal:5432/blip0",
    "REDIS_PROJECTION_URL": "redis://control-plane:secret@projection.internal:6379/0",
    "REDIS_CACHE_URL": "redis://control-plane:secret@cache.internal:6379/0",
    "CELERY_BROKER_URL": "redis://control-plane:secret@cache.internal:6379/1",
}


def _ids(messages) -> list[str]:
    return [message.id for message in messages]


def _use(settings, *, projection: str, cache: str, broker: str) -> None:
    settings.REDIS_PROJECTION_URL = projection
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": cache}}
    settings.CELERY_BROKER_URL = broker


def test_checks__test_settings__are_clean() -> None:
    assert [message for message in run_checks() if str(message.id).startswith("blip0.")] == []


def test_services_are_known__none_runs__names_each_and_how_to_start(
    settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(settings, projection="", cache="", broker="")
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", "unset")

    (message,) = checks.services_are_known()

    assert message.id == "blip0.W001"
    for name in SERVICES:
        assert name in message.msg
    assert "services start" in str(message.hint)


def test_projection_is_alone__cache_on_its_instance__is_an_error(settings) -> None:
    _use(
        settings,
        projection="redis://:p@redis:6379/0",
        cache="redis://:p@redis/1",
        broker="redis://:p@other:6379/1",
    )

    assert _ids(checks.projection_is_alone()) == ["blip0.E002"]


def test_projection_is_alone__broker_on_its_instance__is_an_error(settings) -> None:
    _use(
        settings,
        projection="redis://:p@redis:6379/0",
        cache="redis://:p@other/0",
        broker="redis://:p@REDIS:6379/1",
    )

    assert _ids(checks.projection_is_alone()) == ["blip0.E002"]


def test_projection_is_alone__cache_and_broker_in_one_database__is_an_error(settings) -> None:
    _use(
        settings,
        projection="redis://projection/0",
        cache="redis://cache:6379",
        broker="redis://cache/0",
    )

    assert _ids(checks.projection_is_alone()) == ["blip0.E003"]


def test_debug_is_off__debug__is_an_error(settings) -> None:
    settings.DEBUG = True

    assert _ids(checks.debug_is_off()) == ["blip0.E004"]


@pytest.mark.parametrize("keys", ["", "k1", "k1:short", "k1:AAAA,k1:AAAA"])
def test_sealing_keyring__malformed__is_an_error(settings, keys: str) -> None:
    settings.SEALING_KEYS = keys

    assert _ids(checks.sealing_keyring()) == ["blip0.E005"]


def test_allowed_targets_are_readable__mistake_in_the_environment__is_an_error(settings) -> None:
    settings.DELIVERY_ALLOWED_TARGETS = ["hooks.internal", "10.0.0.1/8"]

    (message,) = checks.allowed_targets_are_readable()

    assert message.id == "blip0.E006"
    assert message.msg.startswith("BLIP0_ALLOWED_TARGETS: `10.0.0.1/8` has bits beyond its mask")


@pytest.mark.parametrize("text", ["", "k1", "k1:c2hvcnQ=", "K 1:" + "A" * 43 + "="])
def test_token_keyring__that_is_none__is_an_error_without_the_key(settings, text) -> None:
    settings.JWT_KEYS = text

    (message,) = checks.token_keyring()

    assert message.id == "blip0.E008"
    assert "BLIP0_JWT_KEYS" in message.msg
    assert "c2hvcnQ" not in message.msg


def test_secrets_are_sealed__plain_delivery__is_a_warning(settings) -> None:
    settings.PROJECTION_SECRET_DELIVERY = "plain"

    assert _ids(checks.secrets_are_sealed_in_redis()) == ["blip0.W006"]


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment of a production process, with the secrets that docker/secrets.sh makes."""
    secrets = tmp_path_factory.mktemp("secrets")
    subprocess.run([PROJECT_ROOT / "docker" / "secrets.sh", secrets], check=True)
    return {
        "PATH": os.environ["PATH"],
        "BLIP0_ENV": "production",
        "ALLOWED_HOSTS": "blip0.example.org",
        "BLIP0_PUBLIC_URL": "https://blip0.example.org",
        "SECRET_KEY_FILE": str(secrets / "secret_key"),
        "BLIP0_JWT_KEYS_FILE": str(secrets / "jwt_keys"),
        "BLIP0_SEALING_KEYS_FILE": str(secrets / "sealing_keys"),
        "BLIP0_SCRIPT_SIGNING_KEY_FILE": str(secrets / "script_signing_key"),
        **SERVICES,
    }


def _check_deploy(environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    arguments = ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        [sys.executable, *arguments],
        env=dict(environ),
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_check_deploy__production__has_no_warning(production: Mapping[str, str]) -> None:
    done = _check_deploy(production)

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"REDIS_CACHE_URL": SERVICES["REDIS_PROJECTION_URL"]}, "blip0.E002"),
        ({"DATABASE_URL": ""}, "blip0.E001"),
        ({"SECRET_KEY_FILE": ""}, "SECRET_KEY is not set"),
        ({"BLIP0_TRUST_PROXY": "yes"}, "must be one of true, false"),
    ],
)
def test_check_deploy__a_mistake__is_refused_by_name(
    production: Mapping[str, str], change: Mapping[str, str], says: str
) -> None:
    done = _check_deploy({**production, **change})

    assert done.returncode != 0
    assert says in done.stderr


def test_environment__example_file__is_what_is_read() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "blip0.settings.environment"],
        env={"PATH": os.environ["PATH"]},
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert Path(PROJECT_ROOT / ".env.example").read_text(encoding="utf-8") == done.stdout


@pytest.mark.parametrize(
    "url", ["app.example.org", "ftp://app.example.org", "https://", "https://a.org#x"]
)
def test_web_app__no_address__is_named(settings, url):
    settings.WEB_URL = url

    [message] = checks.web_app_is_an_address()

    assert (message.id, url in message.msg) == ("blip0.E009", True)


@pytest.mark.parametrize("url", ["", "https://app.example.org", "http://127.0.0.1:3000/app"])
def test_web_app__an_address_or_none__is_fine(settings, url):
    settings.WEB_URL = url

    assert checks.web_app_is_an_address() == []
