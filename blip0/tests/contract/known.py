"""Requests that succeed and that no generator can make up: tokens of emails, ids that may go.

Schemathesis sends each of them once, as an example; see `before_add_examples` in `hooks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blip0.common.actors import Actor
from blip0.testing.live import bearer, call
from blip0.testing.world import PASSWORD
from monitors.tests.factories import make_monitor_document
from tenants.choices import Role
from tenants.contracts import role_permissions
from tenants.models import Membership, Tenant, User
from tenants.services.invitations import invitation_create, invitation_issue
from tenants.services.passwords import password_reset_issue
from tenants.services.signup import SIGN_UP, SignUp, sign_up_token
from tenants.services.system_settings import setting_update
from triggers.tests.factories import document as trigger_document

SYSTEM = Actor.system("test")
NEW = "a password that is new"


def known_cases(
    server: str, token: Mapping[str, str], acme: Tenant, owner: User
) -> dict[str, dict[str, Any]]:
    """Id of an operation to the parts of a `Case`. `token`: the header of Acme's `owner`."""
    setting_update(key=SIGN_UP.key, value=True, actor=SYSTEM)
    _member(acme, "mia@acme.test")
    forgetful, leaving = (_member(acme, f"{name}@acme.test") for name in ("fay", "lee"))
    reset = password_reset_issue(email=forgetful.user.email)
    assert reset is not None
    asked = SignUp("sue@example.org", "Sue's", "sues")

    def made(path: str, body: Mapping[str, Any]) -> str:
        answer = call("POST", f"{server}/api/v1/{path}", body, **token)
        assert answer.status == 201, answer.body
        return str(answer.body["id"])

    monitor, gone = (
        made("monitors", make_monitor_document(name=slug, slug=slug)) for slug in ("kept", "gone")
    )
    url = f"{server}/api/v1/monitors/{monitor}"
    assert call("PATCH", url, {"name": "To be changed back"}, **token).status == 200
    change = call("GET", f"{url}/history", **token).body["results"][0]
    invited = made("invitations", {"email": "ida@acme.test", "role": "viewer"})
    trigger = made("triggers", trigger_document("slack", name="Gone"))
    return {
        "invitations_accept": _case(token=_invitation(acme, owner), password=NEW),
        "invitations_destroy": _case(invited, token),
        "me_password": _case(
            None, bearer(server, "mia@acme.test"), current_password=PASSWORD, new_password=NEW
        ),
        "members_destroy": _case(str(leaving.pk), token),
        "monitors_destroy": _case(gone, token),
        "monitors_revert": _case(monitor, token, entry=change["id"]),
        "password_reset_confirm": _case(token=reset[1], password=NEW),
        "sign_up_confirm": _case(token=sign_up_token(asked), password=NEW),
        "triggers_destroy": _case(trigger, token),
    }


def _case(
    on: str | None = None, headers: Mapping[str, str] | None = None, /, **body: object
) -> dict[str, Any]:
    return {
        **({"path_parameters": {"id": on}} if on else {}),
        **({"headers": dict(headers)} if headers else {}),
        **({"body": body, "media_type": "application/json"} if body else {}),
    }


def _member(tenant: Tenant, email: str) -> Membership:
    user = User.objects.create_user(email, PASSWORD, name=email.partition("@")[0].title())
    return Membership.objects.create(tenant=tenant, user=user, role=Role.VIEWER)


def _invitation(tenant: Tenant, inviter: User) -> str:
    """The token of one that nobody has sent: an email would make another."""
    invitation = invitation_create(
        tenant_id=tenant.pk,
        email="ivo@example.org",
        role=Role.VIEWER,
        inviter=inviter,
        held=frozenset(role_permissions(Role.OWNER)),
        actor=SYSTEM,
    )
    issued = invitation_issue(invitation_id=invitation.pk)
    assert issued is not None
    return issued[1]
