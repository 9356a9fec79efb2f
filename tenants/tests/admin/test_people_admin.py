"""Accounts, keys and invitations: no secret is shown, and rights have limits."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from blip0.testing.world import PASSWORD, STAFF
from tenants.models import AuditRecord, Tenant, User
from tenants.tests.factories import ApiKeyFactory, InvitationFactory


def test_sign_in__by_email__home(acme: Tenant, client: Client) -> None:
    response = client.post(
        "/admin/login/?next=/admin/", {"username": STAFF.upper(), "password": PASSWORD}, follow=True
    )

    assert response.redirect_chain[-1] == ("/admin/", 302)


def test_user__added_with_a_password__can_sign_in(staff: Client) -> None:
    staff.post(
        reverse("admin:tenants_user_add"),
        {
            "email": "New@Blip0.test",
            "name": "New",
            "password1": "a rather long one",
            "password2": "a rather long one",
            "is_staff": "on",
        },
    )

    user = User.objects.get(email="new@blip0.test")
    assert user.is_staff
    assert user.check_password("a rather long one")


def test_user__second_password_left_out__refused(staff: Client) -> None:
    page = staff.post(
        reverse("admin:tenants_user_add"),
        {"email": "new@blip0.test", "password1": "a rather long one", "password2": ""},
    )

    assert "match." in page.context["adminform"].form.errors["password2"][0]
    assert not User.objects.filter(email="new@blip0.test").exists()


def test_user__password_set__old_one_stops_working(staff: Client) -> None:
    ana = User.objects.get(email="ana@acme.test")
    url = reverse("admin:tenants_user_set_password", args=[ana.pk])

    staff.post(url, {"password1": "a rather long one", "password2": "a rather long one"})

    ana.refresh_from_db()
    assert ana.check_password("a rather long one")
    record = AuditRecord.objects.get(action="user.password_set")
    assert (record.before, record.after) == (None, None)


def test_user__weak_password__refused_with_the_reason(staff: Client) -> None:
    ana = User.objects.get(email="ana@acme.test")
    url = reverse("admin:tenants_user_set_password", args=[ana.pk])

    page = staff.post(url, {"password1": "short", "password2": "short"}).content.decode()

    ana.refresh_from_db()
    assert "too short" in page
    assert ana.check_password(PASSWORD)


def test_user__own_staff_flag_taken__refused(staff: Client) -> None:
    sam = User.objects.get(email=STAFF)

    page = staff.post(
        reverse("admin:tenants_user_change", args=[sam.pk]),
        {"email": sam.email, "name": "Sam", "is_active": "on", "is_superuser": "on"},
    )

    sam.refresh_from_db()
    assert "can&#x27;t take this from yourself" in page.content.decode()
    assert sam.is_staff


def test_user__staff_but_no_superuser__cannot_make_one(clerk: Callable[..., Client]) -> None:
    client = clerk("tenants.change_user", "tenants.view_user")
    ana = User.objects.get(email="ana@acme.test")

    client.post(
        reverse("admin:tenants_user_change", args=[ana.pk]),
        {"email": ana.email, "name": "Anna", "is_active": "on", "is_superuser": "on"},
    )

    ana.refresh_from_db()
    assert (ana.name, ana.is_superuser, ana.is_staff) == ("Anna", False, False)


def test_user__staff_but_no_superuser__cannot_take_one_over(clerk: Callable[..., Client]) -> None:
    client = clerk("tenants.change_user", "tenants.view_user")
    sam = User.objects.get(email=STAFF)
    new = {"password1": "a rather long one", "password2": "a rather long one"}

    response = client.post(reverse("admin:tenants_user_set_password", args=[sam.pk]), new)

    sam.refresh_from_db()
    assert response.status_code == 403
    assert sam.check_password(PASSWORD)


def test_user__page__without_the_hash(staff: Client) -> None:
    ana = User.objects.get(email="ana@acme.test")

    page = staff.get(reverse("admin:tenants_user_change", args=[ana.pk])).content.decode()

    assert ana.password not in page
    assert "acme (owner)" in page


def test_api_key__revoked__by_button_and_hash_never_shown(staff: Client, acme: Tenant) -> None:
    key = ApiKeyFactory.create(tenant=acme)
    page = staff.get(reverse("admin:tenants_apikey_change", args=[key.pk])).content.decode()

    staff.post(reverse("admin:tenants_apikey_revoke", args=[key.pk]), {"reason": "Leaked."})

    key.refresh_from_db()
    assert key.secret_hash not in page
    assert key.revoked_at is not None
    assert AuditRecord.objects.get(action="api_key.revoked").reason == "Leaked."


def test_invitations__revoked_in_bulk__each_by_the_service(staff: Client, acme: Tenant) -> None:
    rows = [InvitationFactory.create(tenant=acme) for _ in range(2)]

    staff.post(
        reverse("admin:tenants_invitation_changelist"),
        {
            "action": "revoke_selected",
            "confirmed": "",
            "_selected_action": [str(row.pk) for row in rows],
        },
    )

    assert AuditRecord.objects.filter(action="invitation.revoked").count() == 2
