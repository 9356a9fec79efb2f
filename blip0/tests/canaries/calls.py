"""What Acme asks for: every operation of the OpenAPI document, also with what is Globex's.

A caller who knows a name, an address or an id of the other tenant is the worst case.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from drf_spectacular.generators import SchemaGenerator

from blip0.testing.world import PASSWORD
from blip0.tests.canaries.planting import Planted, monitor_of, trigger_of
from monitors.openzeppelin.writing import zip_bytes
from monitors.tests.factories import USDC

NEW_PASSWORD = "another rather long password"
OWN_TEMPLATE = "own-template"
UNTIL = "2090-01-01T00:00:00Z"


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """One request. `files` makes it a form with a ZIP of these texts by path."""

    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return json.dumps([self.path, self.body, self.headers, self.files])

    def instead(self, names: dict[str, str]) -> Call:
        """The same with these words in the place of those."""
        text = self.text
        for before, after in names.items():
            text = text.replace(before, after)
        path, body, headers, files = json.loads(text)
        return Call(self.method, path, body, headers, files)

    def send(self, client: Any, **headers: str) -> Any:
        body, form = self.body, "json"
        if self.files:
            content = zip_bytes({path: text.encode() for path, text in self.files.items()})
            body, form = {"file": SimpleUploadedFile("a.zip", content), **self.body}, "multipart"
        headers = {**self.headers, **headers}
        if self.method == "get":
            return client.get(self.path, headers=headers)
        return getattr(client, self.method)(self.path, body, format=form, headers=headers)


def operations() -> list[Operation]:
    """Those that take things away come last, parts before their whole."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    found = [
        Operation(
            operation["operationId"],
            method,
            path,
            tuple(
                each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"
            ),
        )
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]
    last = [each for each in found if each.method == "delete"]
    return [
        *(each for each in found if each.method != "delete"),
        *sorted(last, key=lambda each: each.path.count("/"), reverse=True),
    ]


def calls(operation: Operation, acme: Planted, globex: Planted) -> Iterator[Call]:
    """With Acme's own ids and with Globex's, with each parameter, and with each body there is."""
    paths = _paths(operation.path, acme, globex)
    for body in bodies(acme, globex).get(operation.id, (None,)):
        if operation.id == "import":
            yield Call(
                "post", paths[0], {"secrets": json.dumps(body["secrets"])}, {}, body["files"]
            )
        else:
            yield from (Call(operation.method, path, body) for path in paths)
    for name in operation.parameters if operation.id != "import" else ():
        body = bodies(acme, globex).get(operation.id, (None,))[0]
        for value in _values(name, globex):
            yield Call(operation.method, f"{paths[0]}?{name}={value}", body)


def _paths(path: str, acme: Planted, globex: Planted) -> list[str]:
    """What it stands for, of Acme's or the catalogue's, and of Globex's."""
    resource = path.removeprefix("/api/v1/").partition("/")[0]
    named = {
        "{id}": (acme.ids.get(resource), globex.ids.get(resource)),
        "{slug}": ("base" if resource == "networks" else OWN_TEMPLATE, globex.marks.canary("x")),
        "{name}": (
            "even_blocks" if resource == "filter-scripts" else "ready",
            globex.marks.canary("x"),
        ),
    }
    for place, both in named.items():
        if place in path:
            return [path.replace(place, str(each)) for each in both]
    return [path]


def _values(name: str, globex: Planted) -> tuple[str, ...]:
    canary = globex.marks.canary
    return {
        "search": (canary("monitor"), canary("slack")[:-1], ""),
        "monitor": (globex.ids["monitors"],),
        "match": (globex.ids["matches"],),
        "trigger": (globex.ids["triggers"], canary("slack")),
        "object_id": (globex.ids["monitors"],),
        "actor_id": (globex.ids["members"],),
        "page_size": ("1", canary("x")),
        "expand": ("projection",),
        "fields": ("id", canary("x")),
        "validate_only": ("true",),
    }.get(name, (canary("x"),))


def bodies(acme: Planted, globex: Planted) -> dict[str, tuple[Any, ...]]:
    """By operation, the bodies worth sending: Acme's own, with words of Globex's, and mistakes."""
    a, g, port = acme.marks, globex.marks, acme.receiver.server_port
    taken = {"name": g.canary("monitor"), "slug": g.canary("monitorslug")}
    near = [g.canary("slack"), g.canary("slack")[:-1]]
    from_template = {"networks": ["ethereum_mainnet"], "addresses": [{"address": USDC}]}
    wrong = {**monitor_of(a), "networks": [g.canary("network")], g.canary("field"): 1}
    own_trigger = trigger_of(a, "webhook", port)
    monitor_file = json.dumps(
        {
            key: value
            for key, value in monitor_of(a, name=g.canary("monitor"), triggers=[]).items()
            if key not in ("slug", "description", "alerting", "chain_configurations")
        }
    )
    return {
        "login": (
            {"email": acme.email, "password": PASSWORD},
            {"email": acme.email, "password": PASSWORD, "tenant": globex.tenant.slug},
            {"email": globex.email, "password": g.canary("guess")},
        ),
        "password_reset": ({"email": acme.email}, {"email": globex.email}),
        "password_reset_confirm": ({"token": g.canary("token"), "password": NEW_PASSWORD},),
        "invitations_accept": ({"token": g.canary("token"), "password": NEW_PASSWORD},),
        "invitations_create": (
            {"email": f"{a.canary('other')}@example.org", "role": "viewer"},
            {"email": globex.email, "role": "viewer"},
            {"email": g.canary("bare"), "role": g.canary("role")},
        ),
        "me_password": ({"current_password": g.canary("guess"), "new_password": NEW_PASSWORD},),
        "me_switch_tenant": ({"tenant": globex.tenant.slug},),
        "members_partial_update": ({"role": "editor"}, {"role": g.canary("role")}),
        "api_keys_create": (
            {"name": g.canary("key"), "scopes": ["monitors:read"]},
            {"name": a.canary("key"), "scopes": [g.canary("scope")]},
        ),
        "monitors_create": (
            monitor_of(a, name=a.canary("new"), slug=a.canary("new")),
            monitor_of(a, **taken),
            monitor_of(a, **taken, triggers=near),
            monitor_of(a),
            wrong,
        ),
        "monitors_update": (monitor_of(a), monitor_of(a, triggers=near), wrong),
        "monitors_partial_update": (
            {"description": a.canary("described")},
            {"triggers": near},
            {"networks": [g.canary("network")]},
        ),
        "monitors_validate": (monitor_of(a), monitor_of(a, triggers=near), wrong),
        "monitors_from_template": (
            {
                **from_template,
                "template": OWN_TEMPLATE,
                "name": a.canary("made"),
                "triggers": [],
            },
            {
                **from_template,
                "template": g.canary("template"),
                "name": "x",
                "triggers": near,
            },
        ),
        "monitors_clone": (
            {"name": a.canary("twin")},
            {"name": g.canary("monitor"), "slug": g.canary("other")},
        ),
        "monitors_snooze": (
            {"until": UNTIL, "reason": a.canary("snooze")},
            {"until": g.canary("x")},
        ),
        "monitors_revert": ({"entry": globex.ids["audit-log"]}, {"entry": acme.ids["entry"]}),
        "tenant_change": (
            {"name": a.canary("tenant"), "alerting": {"severity": "high"}},
            {"slug": globex.tenant.slug},
        ),
        "triggers_create": (
            trigger_of(a, "webhook", port, name=a.canary("hook"), slug=a.canary("hook")),
            trigger_of(a, "webhook", port, name=g.canary("slack"), slug=g.canary("slack")),
            own_trigger,
            {**own_trigger, g.canary("field"): 1},
        ),
        "triggers_update": (own_trigger, {**own_trigger, "trigger_type": g.canary("type")}),
        "triggers_partial_update": (
            {"config": own_trigger["config"]},
            {"config": {"url": {"set": True, "hint": g.canary("hint")}}},
        ),
        "triggers_validate": (own_trigger, {**own_trigger, "config": {g.canary("key"): 1}}),
        "import": (
            {
                "files": {
                    f"config/monitors/{g.canary('file')}.json": monitor_file,
                    "config/triggers/b.json": json.dumps({g.canary("x"): own_trigger}),
                    "config/monitors/c.json": "{" + g.canary("torn"),
                },
                "secrets": {g.canary("REFERENCE"): a.secret("imported")},
            },
        ),
    }
