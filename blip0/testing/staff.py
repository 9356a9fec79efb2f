"""Fixtures of the back office's tests: staff at the door, staff inside Acme, staff with few rights.

An app's `tests/admin/conftest.py` imports those that it needs.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from blip0.testing.world import STAFF
from tenants.models import Tenant, User


@pytest.fixture
def staff(acme: Tenant, client: Client) -> Client:
    """A superuser, outside any tenant."""
    client.force_login(User.objects.get(email=STAFF))
    return client


@pytest.fixture
def enter(acme: Tenant) -> Callable[[Client], None]:
    """Go into Acme, as the button on its page does."""

    def enter_acme(client: Client) -> None:
        url = reverse("admin:tenants_tenant_work_inside", args=[acme.pk])
        response = client.post(url, {"reason": "A test."})
        assert response.status_code == 302, response.content.decode()

    return enter_acme


@pytest.fixture
def looking(staff: Client, enter: Callable[[Client], None]) -> Client:
    """A superuser inside Acme, to look."""
    enter(staff)
    return staff


@pytest.fixture
def inside(looking: Client, acme: Tenant) -> Client:
    """A superuser inside Acme who has allowed themself to change things."""
    looking.post(reverse("admin:tenants_tenant_allow_changes", args=[acme.pk]))
    return looking


@pytest.fixture
def clerk(acme: Tenant, client: Client) -> Callable[..., Client]:
    """Staff with these permissions only: `clerk("tenants.view_tenant")`."""

    def sign_in(*names: str) -> Client:
        user = User.objects.create_user("clerk@blip0.test", is_staff=True)
        for name in names:
            app, codename = name.split(".")
            user.user_permissions.add(
                Permission.objects.get(content_type__app_label=app, codename=codename)
            )
        client.force_login(user)
        return client

    return sign_in
