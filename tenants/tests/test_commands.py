"""The tenants' commands: what they print, and one line for what they refuse."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tenants.choices import TenantStatus
from tenants.models import AuditRecord, Tenant
from tenants.tests.factories import TenantFactory


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_tenant_commands__a_whole_life__each_status_printed(committed: None) -> None:
    printed = run(
        "tenant_create", "--slug=initech", "--name=Initech", "--plan=pro", "--owner=p@initech.test"
    )
    tenant = Tenant.objects.get(slug="initech")
    assert printed == f"initech  active  {tenant.pk}\n"
    assert run("tenant_suspend", "initech", "--reason=Unpaid") == "initech  suspended\n"
    assert run("tenant_activate", "initech") == "initech  active\n"
    assert run("tenant_delete", "initech").startswith("initech  pending_deletion  20")
    assert run("tenant_restore", "initech") == "initech  active\n"
    assert run("tenant_delete", "initech", "--now") == "initech  deleted\n"
    assert "initech" not in run("tenant_list")
    assert "initech" in run("tenant_list", "--all")
    created = AuditRecord.objects.get(action="tenant.created", tenant_id=tenant.pk)
    assert created.actor_name == "manage.py tenant_create"


def test_tenant_delete__now_of_a_pending_one__needs_no_second_deletion(committed: None) -> None:
    run("tenant_create", "--slug=initech", "--name=Initech")
    run("tenant_delete", "initech")

    assert run("tenant_delete", "initech", "--now") == "initech  deleted\n"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tenant_create", "--slug=Acme", "--name=A"), "slug 'Acme': 1 to 63"),
        (("tenant_create", "--slug=acme", "--name=A"), "slug 'acme' is taken"),
        (("tenant_create", "--slug=b", "--name=A", "--plan=gold"), "free, starter, pro"),
        (("tenant_suspend", "nobody", "--reason=x"), "There is no tenant 'nobody'"),
        (("tenant_suspend", "acme", "--reason= "), "reason: say why"),
        (("tenant_activate", "acme"), "Cannot activate tenant acme: it is active"),
        (("tenant_restore", "acme"), "must be pending deletion"),
        (("tenant_delete", "gone"), "it is deleted"),
    ],
)
def test_tenant_command__refused__one_line_with_the_rule(
    arguments: tuple[str, ...], message: str
) -> None:
    TenantFactory.create(slug="gone", status=TenantStatus.DELETED)

    with pytest.raises(CommandError, match=message) as caught:
        run(*arguments)

    assert "\n" not in str(caught.value)


@pytest.mark.django_db
def test_tenant_list__rows__aligned_columns() -> None:
    TenantFactory.create(slug="a-much-longer-slug", name="Long Ltd")

    lines = run("tenant_list").splitlines()

    assert any(line.startswith("acme                active") for line in lines)
    assert any("provisioning" in line and line.endswith("Long Ltd") for line in lines)
