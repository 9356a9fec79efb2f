"""The scripts of docker/ do what the compose file counts on: run here, with a real Valkey."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis

from blip0.common.sealing import Keyring
from blip0.embedded.binaries import valkey_server
from blip0.settings.environment import Environment
from blip0.testing import PROJECT_ROOT
from blip0.testing.ports import server_port
from cachesync.contracts import digest_of
from cachesync.keys import PLATFORM
from cachesync.reader import Follower
from cachesync.tests.reader.support import forge

DOCKER = PROJECT_ROOT / "docker"
Connect = Callable[[str, str], redis.Redis]


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets") / "made"
    subprocess.run([DOCKER / "secrets.sh", folder], check=True)
    return folder


def _read(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8").strip() for file in folder.iterdir()}


def test_secrets__made_twice__stay_the_same(secrets: Path) -> None:
    before = _read(secrets)

    subprocess.run([DOCKER / "secrets.sh", secrets], check=True)

    assert _read(secrets) == before
    assert secrets.stat().st_mode & 0o777 == 0o700


def test_secrets__in_two_folders__differ(secrets: Path, tmp_path: Path) -> None:
    subprocess.run([DOCKER / "secrets.sh", tmp_path / "other"], check=True)

    one, other = _read(secrets), _read(tmp_path / "other")
    del one["email_url"], other["email_url"]
    assert one.keys() == other.keys()
    assert not set(one.values()) & set(other.values())
    assert all(len(value) >= 40 for value in one.values())


def test_secrets__made__satisfy_production(secrets: Path) -> None:
    names = {
        "SECRET_KEY": "secret_key",
        "BLIP0_JWT_KEYS": "jwt_keys",
        "BLIP0_SEALING_KEYS": "sealing_keys",
        "BLIP0_SCRIPT_SIGNING_KEY": "script_signing_key",
    }
    files = {f"{name}_FILE": str(secrets / file) for name, file in names.items()}

    environment = Environment({"BLIP0_ENV": "production", **files})

    for name, file in names.items():
        assert environment.text(name) == (secrets / file).read_text(encoding="utf-8").strip()
    assert Keyring(environment.text("BLIP0_SEALING_KEYS")).primary == "k1"


@pytest.fixture(scope="module", params=["projection", "cache"])
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def connect(
    role: str, secrets: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Connect]:
    """A Valkey started by docker/valkey/start.sh; gives a way to connect as one of its users."""
    folder = tmp_path_factory.mktemp(role)
    port = server_port()
    environ = {
        "PATH": f"{valkey_server(os.environ).parent}:{os.environ['PATH']}",
        "SECRETS": str(secrets),
        "TMPDIR": str(folder),
    }
    server = subprocess.Popen(
        [DOCKER / "valkey" / "start.sh", role, "--port", str(port), "--bind", "127.0.0.1"],
        env=environ,
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )

    def connected(user: str, password: str) -> redis.Redis:
        return redis.Redis(
            port=port, username=user, password=password, decode_responses=True, protocol=2
        )

    try:
        while not _listens(port):
            assert server.poll() is None, "start.sh ended"
            time.sleep(0.02)
        yield connected
    finally:
        server.terminate()
        server.wait(timeout=60)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def passwords(secrets: Path) -> dict[str, str]:
    return _read(secrets)


def _refused(call: Callable[[], object]) -> bool:
    try:
        call()
    except redis.exceptions.NoPermissionError:
        return True
    return False


@pytest.mark.parametrize("role", ["projection", "cache"], indirect=True)
def test_valkey__strangers_and_the_health_user__may_do_nothing(connect: Connect) -> None:
    health = connect("health", "any")

    assert health.ping()
    assert _refused(lambda: health.get("platform:networks:x"))
    assert _refused(health.info)
    with pytest.raises(redis.AuthenticationError):
        connect("control-plane", "guess").ping()
    with pytest.raises(redis.AuthenticationError):
        connect("default", "").ping()


@pytest.mark.parametrize("role", ["projection"], indirect=True)
def test_runtime__in_the_projection__reads_and_writes_what_the_contract_says(
    connect: Connect, passwords: dict[str, str]
) -> None:
    control = connect("control-plane", passwords["projection_password"])
    control.sadd("tenant:t:monitors:active", "m")
    control.set("tenant:t:monitor:m", "{}")
    control.hset("platform:projection:meta", "rev", "1")
    control.xadd("platform:projection:changes", {"scope": "t"})
    runtime = connect("runtime", passwords["runtime_password"])

    assert runtime.smembers("tenant:t:monitors:active") == {"m"}
    assert runtime.mget(["tenant:t:monitor:m"]) == ["{}"]
    assert runtime.hget("platform:projection:meta", "rev") == "1"
    assert runtime.xread({"platform:projection:changes": "0"})
    runtime.zadd("runtime:instances", {"contract": 1})
    runtime.hset("runtime:contract:ack", "t", "1:1")
    runtime.expire("runtime:contract:ack", 60)
    runtime.xadd("runtime:events", {"kind": "match"}, maxlen=1000)
    with runtime.pubsub() as listener:
        listener.psubscribe("blip0:*")
        assert listener.get_message(timeout=2)
    assert control.hgetall("runtime:contract:ack") == {"t": "1:1"}

    for forbidden in (
        lambda: runtime.set("tenant:t:monitor:m", "{}"),
        lambda: runtime.delete("platform:projection:meta"),
        lambda: runtime.rename("tenant:t:monitor:m", "runtime:m"),
        lambda: runtime.get("elsewhere"),
        lambda: runtime.publish("blip0:platform:update", "{}"),
        lambda: runtime.eval("return 1", 0),
        lambda: runtime.keys("*"),
        runtime.scan,
        runtime.flushall,
        runtime.config_get,
        runtime.acl_list,
    ):
        assert _refused(forbidden)


@pytest.mark.parametrize("role", ["projection"], indirect=True)
def test_runtime__as_the_reference_reader__may_do_all_that_it_does(
    connect: Connect, passwords: dict[str, str]
) -> None:
    control = connect("control-plane", passwords["projection_password"])
    meta: dict[Any, Any] = {"rev": 1, "epoch": 1, "token": "t", "schema": 1, "count": 0}
    control.delete("platform:projection:meta", "platform:projection:changes")
    control.hset("platform:projection:ready", mapping={"epoch": "1", "schema": "1"})
    control.hset("platform:projection:meta", mapping={**meta, "digest": digest_of({}, [])})
    reader = Follower(connect("runtime", passwords["runtime_password"]), instance="two")

    reader.start()
    forge(control, PLATFORM, {"networks:base": '{"slug": "base"}'})
    assert [change.changed for change in reader.follow()] == [("networks:base",)]
    assert reader.poll() == []
    reader.acknowledge()
    assert control.hgetall("runtime:two:ack") == {"platform": "1:2"}
    reader.leave()
    assert not control.exists("runtime:two:ack")


@pytest.mark.parametrize("role", ["projection"], indirect=True)
def test_control_plane__in_the_projection__applies_but_never_flushes(
    connect: Connect, passwords: dict[str, str]
) -> None:
    control = connect("control-plane", passwords["projection_password"])

    script = "redis.call('SET', KEYS[1], 'x'); return redis.call('PUBLISH', ARGV[1], '{}')"
    assert control.eval(script, 1, "tenant:t:monitor:m", "blip0:tenant:t:update") == 0
    assert control.info("memory")["maxmemory_policy"] == "noeviction"

    for forbidden in (
        control.flushall,
        control.flushdb,
        lambda: control.keys("*"),
        control.config_get,
        control.shutdown,
        lambda: control.set("elsewhere", "x"),
        lambda: control.publish("elsewhere", "{}"),
    ):
        assert _refused(forbidden)


@pytest.mark.parametrize("role", ["cache"], indirect=True)
def test_control_plane__in_the_cache__may_clear_it(
    connect: Connect, passwords: dict[str, str]
) -> None:
    control = connect("control-plane", passwords["cache_password"])

    control.set("key", "value", ex=60)
    assert control.flushdb()
    assert control.get("key") is None
    assert control.publish("/0.celery.pidbox", "{}") == 0
    assert _refused(control.flushall)
    assert _refused(control.config_get)


def _healthcheck(name: str, **environ: str) -> int:
    return subprocess.run(
        [sys.executable, DOCKER / "healthcheck.py", name], env=environ, check=False
    ).returncode


def test_healthcheck__projector__wants_a_fresh_heartbeat(
    projection_redis: redis.Redis, tmp_path: Path
) -> None:
    pool = projection_redis.connection_pool.connection_kwargs
    file = tmp_path / "url"
    file.write_text(f"redis://:{pool['password']}@127.0.0.1:{pool['port']}/0\n", encoding="utf-8")
    environ = {"REDIS_PROJECTION_URL_FILE": str(file)}
    heartbeat = "platform:projection:heartbeat"

    assert _healthcheck("projector", **environ) == 1
    projection_redis.set(heartbeat, datetime.now(UTC).isoformat())
    assert _healthcheck("projector", **environ) == 0
    projection_redis.set(heartbeat, (datetime.now(UTC) - timedelta(minutes=2)).isoformat())
    assert _healthcheck("projector", **environ) == 1


def test_healthcheck__web_without_a_server__fails() -> None:
    assert _healthcheck("web", HEALTHCHECK_URL="http://127.0.0.1:9/health/live") == 1
