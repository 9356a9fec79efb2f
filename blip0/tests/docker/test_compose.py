"""The compose file, the supervisor, the embedded services and the settings must agree.

There is no container engine here: this reads files. What can be run without one, is.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from blip0.embedded.processes import PROCESSES, command
from blip0.embedded.services import Services
from blip0.embedded.state import CACHE, POSTGRES, PROJECTION
from blip0.settings.environment import VARIABLES
from blip0.testing import PROJECT_ROOT

DOCKER = PROJECT_ROOT / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
KNOWN = {variable.name: variable for variable in VARIABLES}


def _variable_of(name: str) -> str:
    """The declared variable that an entry of `environment` sets."""
    return name if name in KNOWN else name.removesuffix("_FILE")


def _valkey_settings(role: str) -> dict[str, str]:
    lines = (DOCKER / "valkey" / f"{role}.conf").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))
    return dict(pairs)


def test_compose__every_process_of_the_supervisor__has_a_service() -> None:
    assert set(OURS) == {*PROCESSES, "migrate"}


@pytest.mark.parametrize("name", PROCESSES)
def test_compose__process__runs_the_supervisors_command(name: str) -> None:
    local = command(name, root=Path("/app"), data=Path("/tmp"), port=8000)
    expected = ["python", *local[1:]]
    expected = [part.replace("127.0.0.1", "0.0.0.0") for part in expected]
    actual = [part.replace("manage.py", "/app/manage.py") for part in SERVICES[name]["command"]]

    assert actual == expected


def test_image__default_command__is_the_web_process() -> None:
    last = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[-1]

    assert yaml.safe_load(last) == SERVICES["web"]["command"]


@pytest.mark.parametrize("name", OURS)
def test_environment__every_variable__is_declared(name: str) -> None:
    for entry in OURS[name]["environment"]:
        variable = _variable_of(entry)
        assert variable in KNOWN, f"{entry} is read by nobody"
        assert KNOWN[variable].secret == entry.endswith("_FILE")


@pytest.mark.parametrize("name", OURS)
def test_environment__what_production_requires__is_set(name: str) -> None:
    given = {_variable_of(entry) for entry in OURS[name]["environment"]}
    required = {variable.name for variable in VARIABLES if variable.default is None}
    services = {"DATABASE_URL", "REDIS_PROJECTION_URL", "REDIS_CACHE_URL", "CELERY_BROKER_URL"}

    assert required | services | {"BLIP0_ENV"} <= given


def test_secrets__each_file__is_mounted_declared_and_made() -> None:
    script = (DOCKER / "secrets.sh").read_text(encoding="utf-8")
    declared = COMPOSE["secrets"]

    for service in SERVICES.values():
        mounted = set(service.get("secrets", ()))
        assert mounted <= set(declared)
        for entry, value in service.get("environment", {}).items():
            if entry.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in mounted
    for name, source in declared.items():
        assert source == {"file": f"./secrets/{name}"}
        assert re.search(rf"\b{name}\b", script), f"docker/secrets.sh does not make {name}"


@pytest.mark.parametrize("name", SERVICES)
def test_service__any__is_unprivileged_and_read_only(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert str(service["user"]).partition(":")[0] not in {"", "0", "root"}
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices"} & set(service)
    assert not any("docker.sock" in volume for volume in service.get("volumes", ()))
    assert any(str(mount).startswith("/tmp") for mount in service["tmpfs"])


@pytest.mark.parametrize("name", SERVICES)
def test_service__any__has_a_health_check(name: str) -> None:
    health = SERVICES[name].get("healthcheck")

    if name == "migrate":  # ends by itself; its exit code is what the others wait for
        assert SERVICES[name]["restart"] == "no"
    elif name == "web":
        assert health is None
        assert "HEALTHCHECK" in DOCKERFILE
    else:
        assert health
        assert health["test"]


@pytest.mark.parametrize("name", PROCESSES)
def test_process__start__waits_for_migrations_and_services(name: str) -> None:
    waits = SERVICES[name]["depends_on"]

    assert waits["migrate"] == {"condition": "service_completed_successfully"}
    for other in ("postgres", "redis-projection", "redis-cache"):
        assert waits[other] == {"condition": "service_healthy"}


def test_ports__what_is_published__is_the_web_process_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert list(published) == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in published["web"])
    assert COMPOSE["networks"]["data"] == {"internal": True}


@pytest.mark.parametrize("name", PROCESSES)
def test_metrics__of_each_process__are_in_memory_of_its_own_and_served(name: str) -> None:
    service = SERVICES[name]
    environment = service["environment"]
    mounts = [mount.partition(":") for mount in service["tmpfs"]]
    options = {folder: options for folder, _, options in mounts}

    # Not /tmp, which requests can fill: the counters are mapped into memory.
    assert "uid=10001" in options[environment["PROMETHEUS_MULTIPROC_DIR"]]
    assert ("BLIP0_METRICS_LISTEN" in environment) == (name != "web")
    assert "BLIP0_METRICS_TOKEN_FILE" in environment


def test_images__each__is_pinned_by_version() -> None:
    images = [service["image"] for name, service in SERVICES.items() if name not in OURS]
    images += [
        image
        for image in re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
        if image not in {"base", "builder"}
    ]

    assert len(images) == 4
    for image in images:
        assert re.fullmatch(r"[a-z/]+:\d+[\w.-]*", image), f"{image} names no version"


def test_dockerfile__final_stage__has_a_numeric_user_and_labels() -> None:
    final = DOCKERFILE.rpartition("\nFROM ")[2]

    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    assert SERVICES["web"]["user"] == "10001:10001"
    assert "--require-hashes" in DOCKERFILE
    for label in ("title", "description", "version", "revision"):
        assert f"org.opencontainers.image.{label}=" in final


def test_build_context__dockerignore__admits_only_what_is_copied() -> None:
    lines = (PROJECT_ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    admitted = {line[1:] for line in lines if line.startswith("!")}
    copied = {
        line.split()[1] for line in DOCKERFILE.splitlines() if re.match(r"COPY (?!--from)", line)
    }

    assert "*" in lines
    assert admitted == copied
    assert all((PROJECT_ROOT / name).exists() for name in admitted)


@pytest.mark.parametrize(("role", "name"), [("projection", PROJECTION), ("cache", CACHE)])
def test_valkey__settings__are_those_of_the_embedded_one(
    role: str, name: str, tmp_path: Path
) -> None:
    settings = _valkey_settings(role)
    embedded = Services(tmp_path, {})._servers[name]

    assert settings["maxmemory-policy"] == embedded.policy  # type: ignore[attr-defined]  # Valkey
    assert int(settings["databases"]) == embedded.databases  # type: ignore[attr-defined]  # Valkey
    assert settings["maxmemory"].removesuffix("mb") == str(
        embedded.megabytes  # type: ignore[attr-defined]  # Valkey
    )
    assert settings["appendonly"] == "yes"


def test_postgres__command__carries_the_embedded_ones_lock_table() -> None:
    source = (PROJECT_ROOT / "blip0/embedded/postgres.py").read_text(encoding="utf-8")
    locks = re.search(r'"max_locks_per_transaction": "(\d+)"', source)

    assert POSTGRES in SERVICES
    assert locks
    assert f"--max_locks_per_transaction={locks[1]}" in SERVICES["postgres"]["command"]
    arguments = SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    for argument in arguments:
        assert argument in source, f"the embedded PostgreSQL is not initialised with {argument}"
