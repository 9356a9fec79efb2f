"""The runtime's models, strictly typed, for tests only.

Written from the facts of the runtime's source, with a library that the validators don't use, so
that a mistake in one is not repeated in the other. `forbid_unknown_fields` is the runtime's
`deny_unknown_fields`; what it checks after parsing is in `validate_monitor` and its like.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

U8 = Annotated[int, Meta(ge=0, le=2**8 - 1)]
U16 = Annotated[int, Meta(ge=0, le=2**16 - 1)]
U32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
U64 = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Named = Annotated[str, Meta(min_length=1)]


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    pass


class Secret(Strict):
    type: Literal["Plain", "Environment", "HashicorpCloudVault"]
    value: str


class RpcUrl(Strict):
    type_: Literal["rpc", "ws_rpc"]
    url: Secret
    weight: Annotated[int, Meta(ge=0, le=100)]


class Recovery(Strict):
    enabled: bool
    cron_schedule: str
    max_blocks_per_run: U64
    max_block_age: U64
    max_retries: U32
    retry_delay_ms: U32


class Network(Strict):
    network_type: Literal["EVM", "Stellar", "Midnight", "Solana"]
    slug: Annotated[str, Meta(pattern="^[a-z0-9_]+$")]
    name: Named
    rpc_urls: list[RpcUrl]
    block_time_ms: Annotated[int, Meta(ge=100)]
    confirmation_blocks: Annotated[int, Meta(ge=1)]
    cron_schedule: Named
    chain_id: U64 | msgspec.UnsetType = msgspec.UNSET
    network_passphrase: str | msgspec.UnsetType = msgspec.UNSET
    max_past_blocks: Annotated[int, Meta(ge=1)] | Literal["unlimited"] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    store_blocks: bool | msgspec.UnsetType = msgspec.UNSET
    recovery_config: Recovery | msgspec.UnsetType = msgspec.UNSET


class Filter(Strict):
    schema: Literal[1]
    name: Named
    version: Annotated[int, Meta(ge=1)]
    language: Literal["Bash", "Python", "JavaScript"]
    script_path: Annotated[str, Meta(pattern=r"^filters/[a-z][a-z0-9_]*\.(sh|py|js)$")]
    content: str
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    arguments: list[str]
    timeout_ms: Annotated[int, Meta(ge=1, le=2**32 - 1)]
    signature: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Address(Strict):
    address: str
    contract_spec: Any = msgspec.UNSET


class Condition(Strict):
    signature: Named
    expression: str | None = None


class Transaction(Strict):
    status: Literal["Any", "Success", "Failure"]
    expression: str | None = None


class MatchConditions(Strict):
    functions: list[Condition]
    events: list[Condition]
    transactions: list[Transaction]


class TriggerCondition(Strict):
    script_path: str
    language: Literal["JavaScript", "Python", "Bash"]
    timeout_ms: Annotated[int, Meta(ge=1, le=2**32 - 1)]
    arguments: list[str] | msgspec.UnsetType = msgspec.UNSET


class Monitor(Strict):
    name: Named
    networks: Annotated[list[str], Meta(min_length=1)]
    paused: bool
    addresses: list[Address]
    match_conditions: MatchConditions
    trigger_conditions: list[TriggerCondition]
    triggers: list[str]
    chain_configurations: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET


class Message(Strict):
    title: str
    body: str


class Duration(Strict):
    secs: U64
    nanos: U32


class RetryPolicy(msgspec.Struct):
    max_retries: U32 = 3
    base_for_backoff: U32 = 2
    initial_backoff: Duration | msgspec.UnsetType = msgspec.UNSET
    max_backoff: Duration | msgspec.UnsetType = msgspec.UNSET
    jitter: Literal["full", "none"] = "full"


Retry = RetryPolicy | msgspec.UnsetType


class Slack(Strict):
    slack_url: Secret
    message: Message
    retry_policy: Retry = msgspec.UNSET


class Email(Strict):
    host: str
    username: Secret
    password: Secret
    message: Message
    sender: str
    recipients: Annotated[list[str], Meta(min_length=1)]
    port: U16 | msgspec.UnsetType = msgspec.UNSET
    retry_policy: Retry = msgspec.UNSET


class Webhook(Strict):
    url: Secret
    method: Literal["GET", "POST", "PUT", "DELETE"] | msgspec.UnsetType = msgspec.UNSET
    secret: Secret | msgspec.UnsetType = msgspec.UNSET
    headers: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    message: Message | msgspec.UnsetType = msgspec.UNSET
    payload_mode: Literal["template", "raw"] | msgspec.UnsetType = msgspec.UNSET
    retry_policy: Retry = msgspec.UNSET


class Telegram(Strict):
    token: Secret
    chat_id: str
    message: Message
    disable_web_preview: bool | msgspec.UnsetType = msgspec.UNSET
    retry_policy: Retry = msgspec.UNSET


class Discord(Strict):
    discord_url: Secret
    message: Message
    retry_policy: Retry = msgspec.UNSET


CONFIGS: dict[str, type[Strict]] = {
    "slack": Slack,
    "email": Email,
    "webhook": Webhook,
    "telegram": Telegram,
    "discord": Discord,
}


class Trigger(Strict):
    name: Named
    trigger_type: Literal["slack", "email", "webhook", "telegram", "discord"]
    config: dict[str, Any]


class Threshold(Strict):
    amount: Annotated[int, Meta(ge=1)]
    window_s: Annotated[int, Meta(ge=1)]


class Alerting(Strict):
    severity: Literal["low", "medium", "high", "critical"] | msgspec.UnsetType = msgspec.UNSET
    threshold: Threshold | msgspec.UnsetType = msgspec.UNSET
    min_interval_s: U32 | msgspec.UnsetType = msgspec.UNSET


Uuid = Annotated[str, Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class Envelope(Strict):
    schema: Literal[1]
    id: Uuid
    tenant_id: Uuid
    slug: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,62}$")]
    alerting: Alerting
    monitor: Monitor
    triggers: dict[Uuid, Trigger]


def parse_network(document: object) -> Network:
    network = msgspec.convert(document, Network)
    prefixes = ("ws://", "wss://") if network.network_type == "Midnight" else ("http", "ws")
    for rpc in network.rpc_urls:
        assert rpc.url.type != "Plain" or rpc.url.value.startswith(prefixes), rpc.url
    return network


def parse_envelope(document: object) -> Envelope:
    """The whole document, sealed values opened. Raises `msgspec.ValidationError` or asserts."""
    envelope = msgspec.convert(document, Envelope)
    assert set(envelope.monitor.triggers) == set(envelope.triggers)
    assert len(set(envelope.monitor.triggers)) == len(envelope.monitor.triggers)
    for trigger in envelope.triggers.values():
        config = msgspec.convert(trigger.config, CONFIGS[trigger.trigger_type])
        _validate_config(config)
    for chain in envelope.monitor.chain_configurations or []:
        for key in chain.get("midnight", {}).get("viewing_keys", []):
            assert not msgspec.convert(key, Secret).value.startswith("sealed:")
    return envelope


def _validate_config(config: Any) -> None:
    message: Any = getattr(config, "message", msgspec.UNSET)
    if getattr(config, "payload_mode", None) != "raw":
        assert message.title.strip(), "title"
        assert message.body.strip(), "body"
    match config:
        case Slack():
            assert config.slack_url.value.startswith("https://hooks.slack.com/")
        case Email():
            assert re.fullmatch(r"[A-Za-z0-9.-]*\.[A-Za-z0-9.-]*", config.host), config.host
            assert config.username.value
            assert config.password.value.strip()
            assert len(message.title.encode()) <= 998
        case Webhook():
            assert re.match(r"https?://", config.url.value)
            for value in (config.headers or {}).values():
                assert not value.startswith("sealed:")
        case Telegram():
            assert re.fullmatch(r"[0-9]{8,10}:[a-zA-Z0-9_-]{35}", config.token.value)
            assert config.chat_id.strip()
            assert len(message.body.encode()) <= 4096
        case Discord():
            assert config.discord_url.value.startswith("https://discord.com/api/webhooks/")
            assert len(message.body.encode()) <= 2000
