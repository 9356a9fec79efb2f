"""What people get by email: a link where there is a web app, and a way without one."""

from __future__ import annotations

import pytest
from django.core import mail

from blip0.common.actors import Actor
from tenants.contracts import role_permissions
from tenants.models import User
from tenants.services.invitations import invitation_create
from tenants.services.mail import invitation_send, password_reset_send, sign_up_send
from tenants.services.signup import SignUp

ANA = "ana@acme.test"


def invitation(acme):
    made = invitation_create(
        tenant_id=acme.pk,
        email="new@example.org",
        role="editor",
        inviter=User.objects.get(email=ANA),
        held=role_permissions("owner"),
        actor=Actor.system("test"),
    )
    assert invitation_send(invitation_id=made.pk)


MAILS = {
    "/join": invitation,
    "/reset": lambda acme: password_reset_send(email=ANA),
    "/sign-up": lambda acme: sign_up_send(SignUp(email="a@b.org", name="B & Co", slug="b")),
}


def sent(acme, page):
    mail.outbox.clear()
    MAILS[page](acme)
    (message,) = mail.outbox
    return message


@pytest.mark.parametrize("page", MAILS)
def test_mail__with_a_web_app__has_a_link_whose_token_no_server_sees(acme, settings, page):
    settings.WEB_URL = "https://app.example.org"

    body = sent(acme, page).body

    address, _, token = body.partition(f"https://app.example.org{page}#token=")
    token = token.split()[0]
    assert len(token) > 30
    # The link, the token by itself, and the one in the call.
    assert body.count(token) == 3
    assert "?" not in address


@pytest.mark.parametrize("page", MAILS)
def test_mail__without_a_web_app__tells_the_call(acme, page):
    message = sent(acme, page)

    assert "#token" not in message.body
    assert "curl http://127.0.0.1:8000/api/v1/" in message.body
    assert "Blip0" in message.subject
    assert "\n\n\n" not in message.body
    assert "&amp;" not in message.body
    assert max(map(len, message.body.splitlines())) < 400


def test_invitation__tells_who_invites_where_to_and_as_what(acme):
    body = sent(acme, "/join").body

    assert f"{ANA} invites you to join Acme on Blip0, as editor." in body
