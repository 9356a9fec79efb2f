"""What a document must be before it runs. One that isn't is refused, and the last good one stays.

A runtime parses here with its own models. This reader looks at what all of them need: the schema,
the owner, and that everything is there which the document names.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag

from cachesync.reader.copies import PLATFORM, SCHEMA, Document
from cachesync.reader.sealed import open_sealed

_SIGNED = ("name", "version", "language", "content", "arguments", "timeout_ms")


class Refused(Exception):
    """The document can't be used; the message says why, and holds none of its secrets."""


def parsed(scope: str, name: str, body: str, keys: Mapping[str, bytes] | None) -> Document:
    """The document under this field of the index. With `keys`, its secrets must open.

    Raises `Refused`.
    """
    try:
        document = json.loads(body)
        if not isinstance(document, dict):
            raise Refused("it is no object")
        if scope == PLATFORM:
            _check_catalogue(name, document)
        else:
            _check_monitor(scope, name, document)
            if keys is not None:
                open_sealed(document, keys)
    except InvalidTag:
        raise Refused("a sealed text was altered, or is from another place") from None
    except KeyError as error:
        raise Refused(f"{error} is missing or not known") from None
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(f"it can't be parsed ({type(error).__name__})") from None
    return document


def references(document: Document) -> set[str]:
    """What a monitor's document needs of the catalogue: networks' slugs and scripts' paths."""
    monitor = document["monitor"]
    scripts = (condition["script_path"] for condition in monitor["trigger_conditions"])
    return {*(f"network {slug}" for slug in monitor["networks"]), *map("script {}".format, scripts)}


def offered(platform: Mapping[str, Document]) -> set[str]:
    """What the catalogue has, in the terms of `references`."""
    found = set()
    for name, document in platform.items():
        kind, _, slug = name.partition(":")
        found.add(f"network {slug}" if kind == "networks" else f"script {document['script_path']}")
    return found


def script_is_signed(document: Document, signing_key: str) -> bool:
    """Whether a filter script is what staff saved. Ask before anything of it is run."""
    signed = {name: document[name] for name in _SIGNED}
    text = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    expected = hmac.new(signing_key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, str(document["signature"]))


def _check_catalogue(name: str, document: Document) -> None:
    kind, _, slug = name.partition(":")
    if kind == "networks":
        _require(document["slug"] == slug, "`slug` isn't that of its key")
        return
    _require(kind == "filters", "it is neither a network nor a filter script")
    _check_schema(document)
    _require(document["name"] == slug, "`name` isn't that of its key")
    sha256 = hashlib.sha256(document["content"].encode()).hexdigest()
    _require(document["sha256"] == sha256, "`sha256` isn't that of `content`")
    _require(isinstance(document["script_path"], str), "`script_path` is no text")


def _check_monitor(tenant_id: str, monitor_id: str, document: Document) -> None:
    _check_schema(document)
    _require(document["id"] == monitor_id, "`id` isn't that of its key")
    _require(document["tenant_id"] == tenant_id, "`tenant_id` isn't that of its key")
    monitor, triggers = document["monitor"], document["triggers"]
    _require(bool(monitor["networks"]), "it names no network")
    _require(set(monitor["triggers"]) == set(triggers), "a trigger that it names is missing")
    for trigger in triggers.values():
        _require({"name", "trigger_type", "config"} <= set(trigger), "a trigger isn't whole")
    references(document)


def _check_schema(document: Document) -> None:
    schema: Any = document["schema"]
    known = isinstance(schema, int) and not isinstance(schema, bool) and 1 <= schema <= SCHEMA
    _require(known, f"schema {str(schema)[:20]}, known is {SCHEMA}")


def _require(fine: bool, problem: str) -> None:
    if not fine:
        raise Refused(problem)
