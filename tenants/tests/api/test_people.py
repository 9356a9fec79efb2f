"""Members and invitations over the API."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from rest_framework.test import APIClient

from blip0.common.actors import Actor
from blip0.testing.api import ana, signed_in
from blip0.testing.world import PASSWORD
from tenants.choices import Role, TenantStatus
from tenants.models import AuditRecord, Invitation, Membership, Tenant, User
from tenants.services.members import member_change_role, member_remove
from tenants.tasks import send_invitation

MEMBERS, INVITATIONS = "/api/v1/members", "/api/v1/invitations"
ACCEPT = f"{INVITATIONS}/accept"
ACTOR = Actor.system("tests")
STRONG = "a rather long password"


def adam():
    return signed_in("adam@acme.test")


def member(email):
    return Membership.objects.select_related("user", "tenant").get(user__email=email)


def invite(client, email="new@example.org", role="editor"):
    """The invitation's id and the token of its email."""
    answer = client.post(INVITATIONS, {"email": email, "role": role})
    assert answer.status_code == 201, answer.content
    return answer.json()["id"], token_of(answer.json()["id"])


def token_of(invitation_id):
    """What the worker sends."""
    mail.outbox.clear()
    send_invitation(invitation_id)
    (message,) = mail.outbox
    return re.findall(r"^    ([\w-]{43})$", str(message.body), re.MULTILINE)[0]


def accept(token, password=STRONG, **body):
    return APIClient().post(ACCEPT, {"token": token, "password": password, **body})


# Members


def test_members__list__shows_the_tenants_people_only(acme, globex):
    people = ana().get(MEMBERS).json()["results"]

    assert {row["user"]["email"] for row in people} == {
        "ana@acme.test",
        "adam@acme.test",
        "eli@acme.test",
        "vic@acme.test",
    }
    assert "olga" not in str(people)


def test_member__role_changed__counts_at_once_and_is_recorded(acme):
    eli = signed_in("eli@acme.test")
    eli.get("/api/v1/me")

    answer = adam().patch(f"{MEMBERS}/{member('eli@acme.test').pk}", {"role": "viewer"})

    assert answer.json()["role"] == "viewer"
    assert eli.get("/api/v1/me").json()["role"] == "viewer"
    record = AuditRecord.objects.get(action="member.role_changed")
    assert (record.actor_name, record.after) == ("adam@acme.test", {"role": "viewer"})


@pytest.mark.parametrize(
    ("who", "whom", "role"),
    [
        ("adam@acme.test", "eli@acme.test", "owner"),
        ("adam@acme.test", "adam@acme.test", "owner"),
        ("adam@acme.test", "ana@acme.test", "viewer"),
    ],
)
def test_member__role_beyond_ones_own__is_403_and_unchanged(acme, who, whom, role):
    before = member(whom).role

    answer = signed_in(who).patch(f"{MEMBERS}/{member(whom).pk}", {"role": role})

    assert (answer.status_code, answer.json()["code"]) == (403, "grants_too_much")
    assert member(whom).role == before


def test_member__owner_removed_by_an_admin__is_403(acme):
    answer = adam().delete(f"{MEMBERS}/{member('ana@acme.test').pk}")

    assert (answer.status_code, answer.json()["code"]) == (403, "grants_too_much")
    assert member("ana@acme.test").role == Role.OWNER


@pytest.mark.parametrize("email", ["eli@acme.test", "vic@acme.test"])
def test_member__changed_by_those_without_the_right__is_403(acme, email):
    client, own = signed_in(email), f"{MEMBERS}/{member(email).pk}"

    assert client.patch(own, {"role": "owner"}).status_code == 403
    assert client.delete(own).status_code == 403
    assert client.get(MEMBERS).status_code == 200


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_member__last_owner__stays(acme, method):
    url = f"{MEMBERS}/{member('ana@acme.test').pk}"

    answer = getattr(ana(), method)(url, {"role": "viewer"})

    assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    assert member("ana@acme.test").role == Role.OWNER


def test_member__removed__is_out_at_once(acme):
    eli = signed_in("eli@acme.test")
    eli.get("/api/v1/me")

    assert ana().delete(f"{MEMBERS}/{member('eli@acme.test').pk}").status_code == 204

    assert eli.get("/api/v1/me").status_code == 401
    login = APIClient().post("/api/v1/login", {"email": "eli@acme.test", "password": PASSWORD})
    assert (login.status_code, login.json()["code"]) == (403, "not_a_member")
    assert not Membership.objects.filter(user__email="eli@acme.test").exists()


# Invitations


def test_invitation__new_person__gets_an_account_and_joins(acme):
    _, token = invite(adam())

    answer = accept(token, name="Nora")

    assert answer.status_code == 200, answer.content
    assert answer["Cache-Control"] == "no-store"
    assert answer.json()["role"] == "editor"
    login = APIClient().post("/api/v1/login", {"email": "new@example.org", "password": STRONG})
    assert login.json()["tenant"]["slug"] == "acme"
    assert User.objects.get(email="new@example.org").name == "Nora"
    actions = ["invitation.created", "invitation.accepted", "member.added", "user.created"]
    assert AuditRecord.objects.filter(action__in=actions).count() == 4


def test_invitation__sent__is_mail_to_the_address_only_with_a_token_stored_nowhere(acme):
    _, token = invite(ana(), email="new@example.org")

    (message,) = mail.outbox
    assert message.to == ["new@example.org"]
    assert "Acme" in message.subject
    assert "ana@acme.test" in message.body
    row = Invitation.objects.get()
    assert token not in {row.token_hash, str(row.__dict__)}
    assert token not in ana().get(INVITATIONS).content.decode()
    assert row.token_hash not in ana().get(INVITATIONS).content.decode()
    assert token not in str(list(AuditRecord.objects.values()))


def test_invitation__name_with_a_line_break__adds_no_header(acme):
    Tenant.objects.filter(pk=acme.pk).update(name="Acme\r\nBcc: eve@evil.test")

    invite(ana())

    (message,) = mail.outbox
    assert message.recipients() == ["new@example.org"]
    assert "\n" not in message.subject


def test_invitation__existing_account__joins_with_its_own_password(acme, globex):
    _, token = invite(ana(), email="olga@globex.test")

    assert accept(token, "wrong password, long").status_code == 401
    assert accept(token, PASSWORD).status_code == 200

    tenants = signed_in("olga@globex.test", "globex").get("/api/v1/me/tenants").json()
    assert [row["slug"] for row in tenants["results"]] == ["acme", "globex"]


def test_invitation__existing_account__token_alone_sets_no_password(acme, globex):
    """Whoever got hold of the email must not take over the account."""
    _, token = invite(ana(), email="olga@globex.test")

    assert accept(token, STRONG).status_code == 401
    assert User.objects.get(email="olga@globex.test").check_password(PASSWORD)
    assert not Membership.objects.filter(tenant=acme, user__email="olga@globex.test").exists()


def test_invitation__account_without_a_password__gets_its_first(acme):
    User.objects.create_user("own@example.org")
    _, token = invite(ana(), email="own@example.org")

    assert accept(token, STRONG).status_code == 200
    assert User.objects.get(email="own@example.org").check_password(STRONG)


def test_invitation__disabled_account__is_401(acme):
    User.objects.create_user("off@example.org", PASSWORD, is_active=False)
    _, token = invite(ana(), email="off@example.org")

    assert accept(token, PASSWORD).status_code == 401
    assert not Membership.objects.filter(user__email="off@example.org").exists()


def test_invitation__weak_password__is_422_and_stays_open(acme):
    _, token = invite(ana())

    weak = accept(token, "short")

    assert weak.status_code == 422
    assert weak.json()["errors"][0]["pointer"] == "/password"
    assert not User.objects.filter(email="new@example.org").exists()
    assert accept(token).status_code == 200


def test_invitation__used_again__is_404(acme):
    _, token = invite(ana())
    accept(token)

    again = accept(token)

    assert (again.status_code, again.json()["code"]) == (404, "invitation_not_open")


def test_invitation__revoked__is_404(acme):
    client = ana()
    invitation_id, token = invite(client)

    assert client.delete(f"{INVITATIONS}/{invitation_id}").status_code == 204

    assert accept(token).status_code == 404
    assert client.get(f"{INVITATIONS}/{invitation_id}").json()["state"] == "revoked"


def test_invitation__expired__is_404_and_makes_room_for_another(acme):
    client = ana()
    _, token = invite(client)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert accept(token).status_code == 404
    _, newer = invite(client)
    assert accept(newer).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "a\x00b"])
def test_invitation__made_up_token__is_refused(acme, token):
    invite(ana())

    assert accept(token).status_code in (404, 422)
    assert not User.objects.filter(email="new@example.org").exists()


def test_invitation__hash_from_the_database__is_no_token(acme):
    invite(ana())

    assert accept(Invitation.objects.get().token_hash).status_code == 404


def test_invitation__sent_again__only_the_newest_token_counts(acme):
    invitation_id, old = invite(ana())
    new = token_of(invitation_id)

    assert accept(old).status_code == 404
    assert accept(new).status_code == 200


def test_invitation__inviter_removed_meanwhile__is_404(acme):
    """Else somebody could leave an open door behind."""
    _, token = invite(adam(), role="admin")
    member_remove(membership=member("adam@acme.test"), actor=ACTOR)

    assert accept(token).status_code == 404
    assert not User.objects.filter(email="new@example.org").exists()


def test_invitation__inviter_demoted_meanwhile__is_404(acme):
    _, token = invite(adam(), role="admin")
    member_change_role(membership=member("adam@acme.test"), role="editor", actor=ACTOR)

    assert accept(token).status_code == 404


def test_invitation__role_beyond_ones_own__is_403(acme):
    answer = adam().post(INVITATIONS, {"email": "new@example.org", "role": "owner"})

    assert (answer.status_code, answer.json()["code"]) == (403, "grants_too_much")
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"email": "no address", "role": "viewer"}, 422),
        ({"email": "new@example.org", "role": "boss"}, 422),
        ({"email": "new@example.org"}, 422),
        ({"email": "ELI@acme.test", "role": "viewer"}, 409),
    ],
)
def test_invitation__that_makes_no_sense__is_refused(acme, body, status):
    assert ana().post(INVITATIONS, body).status_code == status
    assert not Invitation.objects.exists()


def test_invitation__second_to_the_same_address__is_409(acme):
    client = ana()
    invite(client)

    answer = client.post(INVITATIONS, {"email": "NEW@example.org", "role": "viewer"})

    assert answer.status_code == 409


def test_invitation__suspended_tenant__is_403_and_stays_open(acme):
    _, token = invite(ana())
    Tenant.objects.filter(pk=acme.pk).update(status=TenantStatus.SUSPENDED)

    assert accept(token).status_code == 403
    Tenant.objects.filter(pk=acme.pk).update(status=TenantStatus.ACTIVE)
    assert accept(token).status_code == 200


def test_invitation__no_longer_open__no_mail_is_sent(acme):
    client = ana()
    invitation_id, _ = invite(client)
    client.delete(f"{INVITATIONS}/{invitation_id}")
    mail.outbox.clear()

    send_invitation(invitation_id)

    assert mail.outbox == []


@pytest.mark.parametrize("path", [MEMBERS, INVITATIONS])
def test_list__one_and_many_rows__costs_the_same(acme, count_queries, path):
    client = ana()
    client.get(path)
    counts = []
    for number in (1, 8):
        for n in range(number):
            invite(client, email=f"p{number}-{n}@example.org")
            Membership.objects.create(
                tenant=acme, user=User.objects.create(email=f"m{number}-{n}@x.org"), role="viewer"
            )
        with count_queries() as log:
            client.get(path)
        counts.append(len(log))

    assert counts[0] == counts[1]
