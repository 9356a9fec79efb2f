"""`bootstrap` and `demo`: made once, left alone afterwards, and no secret printed."""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from platform_catalog.models import FilterScript, MonitorTemplate, Network
from tenants.choices import Role, TenantStatus
from tenants.models import AuditRecord, Tenant, User
from tenants.services.demo import DEMO_OWNER, DEMO_SIGN_INS, DEMO_STAFF

PASSWORD = "a password nobody guesses"


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    return file


def run(*arguments: Any, **options: Any) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=out, **options)
    return out.getvalue()


@pytest.mark.django_db
def test_bootstrap__new_database__superuser_and_catalogue_and_no_secret(
    password_file: Path,
) -> None:
    printed = run("bootstrap", "--email=Root@Example.org", f"--password-file={password_file}")

    user = User.objects.get(email="root@example.org")
    assert user.is_superuser
    assert user.is_staff
    assert user.check_password(PASSWORD)
    assert Network.objects.filter(pk="polygon_mainnet").exists()
    assert FilterScript.objects.filter(pk="evm_filter_block_number").exists()
    assert MonitorTemplate.objects.exists()
    assert PASSWORD not in printed
    assert PASSWORD not in str(list(AuditRecord.objects.values_list("before", "after")))


@pytest.mark.django_db
def test_bootstrap__again__changes_nothing(password_file: Path) -> None:
    run("bootstrap", "--email=root@example.org", f"--password-file={password_file}")
    records = AuditRecord.objects.count()
    password_file.write_text("another password altogether\n")

    printed = run("bootstrap", "--email=root@example.org", f"--password-file={password_file}")

    assert "the password stays as it is" in printed
    assert User.objects.get(email="root@example.org").check_password(PASSWORD)
    assert AuditRecord.objects.count() == records


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("email", "content", "message"),
    [
        ("root", PASSWORD, "is no address"),
        ("root@example.org", "", "first line is empty"),
        ("root@example.org", "short", "too short"),
        ("ana@acme.test", PASSWORD, "no active superuser"),
    ],
)
def test_bootstrap__bad_input__one_line_and_no_superuser(
    email: str, content: str, message: str, password_file: Path
) -> None:
    password_file.write_text(content)
    before = User.objects.filter(is_superuser=True).count()

    with pytest.raises(CommandError, match=message) as caught:
        run("bootstrap", f"--email={email}", f"--password-file={password_file}")

    assert "\n" not in str(caught.value)
    assert User.objects.filter(is_superuser=True).count() == before


@pytest.mark.django_db
def test_bootstrap__no_file_and_no_terminal__says_what_to_give(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO())

    with pytest.raises(CommandError, match="--password-file"):
        run("bootstrap", "--email=root@example.org")


@pytest.mark.django_db
def test_bootstrap__missing_file__says_which(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run("bootstrap", "--email=root@example.org", f"--password-file={tmp_path / 'none'}")


@pytest.mark.django_db
def test_bootstrap__before_migrate__says_so() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER SCHEMA template RENAME TO elsewhere")

    with pytest.raises(CommandError, match="migrate"):
        run("bootstrap", "--email=root@example.org")


def test_demo__new_and_again__everything_once(committed: None) -> None:
    printed = run("demo")
    records = AuditRecord.objects.count()

    assert run("demo") == printed
    assert AuditRecord.objects.count() == records
    tenant = Tenant.objects.get(slug="demo")
    assert (tenant.status, tenant.plan_id) == (TenantStatus.ACTIVE, "pro")
    assert tenant.allow_viewing_keys
    assert tenant.memberships.get().user.email == DEMO_OWNER.email
    assert tenant.memberships.get().role == Role.OWNER
    staff = User.objects.get(email=DEMO_STAFF.email)
    assert staff.is_superuser
    assert not staff.memberships.exists()
    for sign_in in DEMO_SIGN_INS:
        assert User.objects.get(email=sign_in.email).check_password(sign_in.password)
        assert f"{sign_in.email}  {sign_in.password}" in printed


@pytest.mark.django_db
def test_demo__production__refused_and_nothing_made(settings: Any) -> None:
    settings.MODE = "production"

    with pytest.raises(CommandError, match="never runs in production"):
        run("demo")

    assert not User.objects.filter(email=DEMO_STAFF.email).exists()
