"""One row and more for each operation of the OpenAPI document.

A new operation needs one here: whom it is for, the object that its URL names, a body that works,
and what it then answers. `test_matrix` fails without.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from django.core.files.uploadedfile import SimpleUploadedFile

from blip0.testing.world import PASSWORD
from blip0.tests.isolation.world import SHARED, Side, monitor_document
from monitors.openzeppelin.writing import zip_bytes
from monitors.tests.factories import USDC
from tenants.contracts import role_permissions
from tenants.services.signup import SignUp, sign_up_token
from triggers.tests.factories import document as trigger_document


class For(Enum):
    """Whom an operation is for."""

    ANYBODY = "credentials don't matter"
    THE_DOOR = "credentials don't matter, but the tenant must be open"
    TOKENS = "whoever has, or had, an access token"
    MEMBERS = "any credentials of a tenant"
    PEOPLE = "those of a person; not an API key"
    HOLDERS = "those who hold what it needs"


Body = Callable[[Side, Side], Any]
"""Of the caller's side, and the side whose objects the body names: the same, or a foreign one."""
Headers = Callable[[Side], Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Row:
    """`at` is the kind of object that the URL names; `ok` what the right caller is answered.

    `needs` are permissions without which it is refused, and `grants` is a role that it gives:
    whoever does so must hold all that the role does.
    """

    operation: str
    case: str = ""
    to: For = For.HOLDERS
    needs: frozenset[str] = frozenset()
    grants: str = ""
    at: str = ""
    body: Body | None = None
    headers: Headers | None = None
    format: str = "json"
    ok: int = 200
    changes: bool = False

    def __str__(self) -> str:
        return f"{self.operation} ({self.case})" if self.case else self.operation

    @property
    def owned(self) -> bool:
        """Whether the URL names an object of a tenant."""
        return bool(self.at) and self.at not in SHARED

    @property
    def wanted(self) -> frozenset[str]:
        """All that an API key must hold."""
        return self.needs | (role_permissions(self.grants) if self.grants else frozenset())


@dataclass(frozen=True)
class _For:
    """Makes rows for one kind of caller."""

    to: For
    needs: frozenset[str] = field(default_factory=frozenset)

    def reads(self, operation: str, **more: Any) -> Row:
        """Changes nothing, also as a POST."""
        return Row(operation=operation, to=self.to, needs=self.needs, **more)

    def changes(self, operation: str, **more: Any) -> Row:
        return Row(operation=operation, to=self.to, needs=self.needs, changes=True, **more)


def _holding(*needs: str) -> _For:
    return _For(For.HOLDERS, frozenset(needs))


ANYBODY, DOOR = _For(For.ANYBODY), _For(For.THE_DOOR)
TOKENS, MEMBERS, PEOPLE = _For(For.TOKENS), _For(For.MEMBERS), _For(For.PEOPLE)
STRONG: Final = "a rather long password"


def _archive(own: Side, named: Side) -> dict[str, Any]:
    """A monitor, the trigger that it tells, and one more that tells a trigger of the tenant."""
    ours, theirs = (monitor_document("imported", word) for word in ("imported", named.word))
    for document, name in ((ours, "imported"), (theirs, f"{own.word} beside")):
        document |= {"name": name, "trigger_conditions": [], "paused": False}
        for key in ("slug", "description", "alerting"):
            del document[key]
    trigger = trigger_document("slack", name="imported")
    trigger["config"]["slack_url"] = {"type": "Environment", "value": "SLACK"}
    files = {
        "config/monitors/imported.json": ours,
        "config/monitors/beside.json": theirs,
        "config/triggers/imported.json": {"imported": trigger},
    }
    content = zip_bytes({path: json.dumps(value).encode() for path, value in files.items()})
    secret = f"https://hooks.slack.com/services/T1/B1/{own.word}"
    return {
        "file": SimpleUploadedFile("config.zip", content),
        "secrets": json.dumps({"SLACK": secret}),
    }


def _named_trigger(own: Side, named: Side) -> dict[str, Any]:
    return {"description": "Tells another.", "triggers": [named.word]}


def _new_monitor(own: Side, named: Side) -> dict[str, Any]:
    return monitor_document(f"{named.word}-new", named.word)


def _whole_monitor(own: Side, named: Side) -> dict[str, Any]:
    return monitor_document(f"{named.word}-whole", named.word)


def _trigger(own: Side, named: Side) -> dict[str, Any]:
    return trigger_document("slack", name=f"{named.word} new", slug=f"{named.word}-new")


def _confirmation(own: Side, named: Side) -> dict[str, Any]:
    """Of what the mail says to somebody new."""
    asked = SignUp(email=f"new@{own.word}.test", name=own.word, slug=f"{own.word}-two")
    return {"token": sign_up_token(asked), "password": STRONG}


MONITOR = "monitor"
TRIGGER = "trigger"
_monitors, _triggers = _holding("monitors.read"), _holding("triggers.read")
_monitor_writers, _trigger_writers = _holding("monitors.write"), _holding("triggers.write")
_executions, _audit = _holding("executions.read"), _holding("audit.read")
_members, _inviters = _holding("members.read"), _holding("members.write")
_owners = _holding("members.write", "owners.write")
_keys, _key_writers = _holding("api_keys.read"), _holding("api_keys.write")

ROWS: Final = (
    # Nobody's, and the door.
    ANYBODY.reads("runtime_contract"),
    ANYBODY.reads("runtime_contract_schema", at="schema"),
    ANYBODY.reads("runtime_contract_golden", at="golden"),
    ANYBODY.reads("password_reset", body=lambda own, named: {"email": named.owner}, ok=202),
    ANYBODY.changes(
        "password_reset_confirm",
        body=lambda own, named: {"token": named.given["reset"], "password": STRONG},
        ok=204,
    ),
    ANYBODY.reads(
        "sign_up",
        body=lambda own, named: {"email": f"new@{own.word}.test", "name": f"{own.word} two"},
        ok=202,
    ),
    ANYBODY.changes("sign_up_confirm", body=_confirmation, ok=201),
    DOOR.changes("login", body=lambda own, named: {"email": own.owner, "password": PASSWORD}),
    DOOR.changes(
        "login",
        case="names a tenant",
        body=lambda own, named: {"email": own.owner, "password": PASSWORD, "tenant": named.slug},
    ),
    DOOR.changes(
        "refresh",
        headers=lambda own: {
            "X-Requested-With": "blip0",
            "Cookie": f"blip0_refresh={own.given['refresh']}",
        },
    ),
    DOOR.changes(
        "invitations_accept",
        body=lambda own, named: {"token": own.given["invitation"], "password": STRONG},
    ),
    TOKENS.changes("logout", ok=204),
    # The caller.
    MEMBERS.reads("me"),
    MEMBERS.reads("me_tenants"),
    PEOPLE.changes("me_switch_tenant", body=lambda own, named: {"tenant": named.slug}),
    PEOPLE.changes(
        "me_password",
        body=lambda own, named: {"current_password": PASSWORD, "new_password": STRONG},
        ok=204,
    ),
    # The catalogue.
    MEMBERS.reads("networks_list"),
    MEMBERS.reads("networks_retrieve", at="network"),
    MEMBERS.reads("filter_scripts_list"),
    MEMBERS.reads("filter_scripts_retrieve", at="script"),
    MEMBERS.reads("templates_list"),
    MEMBERS.reads("templates_retrieve", at="template"),
    # The tenant.
    _holding("tenant.read").reads("tenant"),
    _holding("tenant.write").changes(
        "tenant_change", body=lambda own, named: {"name": f"{named.word} Ltd"}
    ),
    _holding("usage.read").reads("usage"),
    _audit.reads("audit_log_list"),
    _audit.reads("audit_log_retrieve", at="audit_record"),
    # Its people and keys.
    _members.reads("members_list"),
    _members.reads("members_retrieve", at="member"),
    _inviters.changes(
        "members_partial_update",
        at="member",
        body=lambda own, named: {"role": "editor"},
        grants="editor",
    ),
    _owners.changes(
        "members_partial_update",
        case="makes an owner",
        at="member",
        body=lambda own, named: {"role": "owner"},
        grants="owner",
    ),
    _owners.changes(
        "members_partial_update",
        case="of an owner",
        at="other_owner",
        body=lambda own, named: {"role": "viewer"},
        grants="owner",
    ),
    _inviters.changes("members_destroy", at="member", grants="viewer", ok=204),
    _owners.changes("members_destroy", case="an owner", at="other_owner", grants="owner", ok=204),
    _inviters.reads("invitations_list"),
    _inviters.reads("invitations_retrieve", at="invitation"),
    _inviters.changes(
        "invitations_create",
        body=lambda own, named: {"email": f"new@{named.word}.test", "role": "viewer"},
        grants="viewer",
        ok=201,
    ),
    _inviters.changes(
        "invitations_create",
        case="somebody's member",
        body=lambda own, named: {"email": f"{named.word}@elsewhere.test", "role": "viewer"},
        grants="viewer",
        ok=201,
    ),
    _owners.changes(
        "invitations_create",
        case="as an owner",
        body=lambda own, named: {"email": f"new@{named.word}.test", "role": "owner"},
        grants="owner",
        ok=201,
    ),
    _inviters.changes("invitations_destroy", at="invitation", ok=204),
    _keys.reads("api_keys_list"),
    _keys.reads("api_keys_retrieve", at="api_key"),
    _key_writers.changes(
        "api_keys_create",
        body=lambda own, named: {"name": named.word, "scopes": ["api_keys:write"]},
        ok=201,
    ),
    _key_writers.changes("api_keys_destroy", at="api_key", ok=204),
    # Triggers.
    _triggers.reads("triggers_list"),
    _triggers.reads("triggers_retrieve", at=TRIGGER),
    _triggers.reads("triggers_findings", at=TRIGGER),
    _triggers.reads("triggers_tests", at=TRIGGER),
    _triggers.reads("triggers_validate", body=_trigger),
    _trigger_writers.changes("triggers_create", body=_trigger, ok=201),
    _trigger_writers.changes("triggers_update", at="spare_trigger", body=_trigger),
    _trigger_writers.changes(
        "triggers_partial_update",
        at=TRIGGER,
        body=lambda own, named: {"name": f"{named.word} again"},
    ),
    _trigger_writers.changes("triggers_enable", at="spare_trigger"),
    _trigger_writers.changes("triggers_disable", at=TRIGGER),
    _trigger_writers.changes("triggers_test", at=TRIGGER),
    _trigger_writers.changes("triggers_destroy", at="spare_trigger", ok=204),
    # Monitors.
    _monitors.reads("monitors_list"),
    _monitors.reads("monitors_retrieve", at=MONITOR),
    _monitors.reads("monitors_document", at=MONITOR),
    _monitors.reads("monitors_findings", at=MONITOR),
    _monitors.reads("monitors_history", at=MONITOR),
    _monitors.reads("monitors_projection", at=MONITOR),
    _monitors.reads("monitors_validate", body=_new_monitor),
    _monitor_writers.changes("monitors_create", body=_new_monitor, ok=201),
    _monitor_writers.changes("monitors_update", at=MONITOR, body=_whole_monitor),
    _monitor_writers.changes("monitors_partial_update", at="resting_monitor", body=_named_trigger),
    _monitor_writers.changes("monitors_pause", at=MONITOR),
    _monitor_writers.changes("monitors_resume", at="resting_monitor"),
    _monitor_writers.changes(
        "monitors_snooze", at=MONITOR, body=lambda own, named: {"until": "2090-01-01T00:00:00Z"}
    ),
    _monitor_writers.changes("monitors_wake", at="resting_monitor"),
    _monitor_writers.changes(
        "monitors_clone",
        at=MONITOR,
        body=lambda own, named: {"name": f"{named.word} clone"},
        ok=201,
    ),
    _monitor_writers.changes(
        "monitors_revert",
        at=MONITOR,
        body=lambda own, named: {"entry": named.objects["audit_record"]},
    ),
    _monitor_writers.changes(
        "monitors_from_template",
        body=lambda own, named: {
            "template": SHARED["template"],
            "name": f"{named.word} of a template",
            "networks": ["base"],
            "addresses": [{"address": USDC}],
            "triggers": [named.word],
        },
        ok=201,
    ),
    _monitor_writers.changes("monitors_destroy", at=MONITOR, ok=204),
    _executions.reads("matches_list"),
    _executions.reads("matches_retrieve", at="match"),
    _executions.reads("executions_list"),
    _executions.reads("executions_retrieve", at="execution"),
    # Files.
    _holding("monitors.write", "triggers.write").changes(
        "import", body=_archive, format="multipart"
    ),
    # Leaves a record of who took the configuration away.
    _holding("monitors.read", "triggers.read").changes("export"),
)
