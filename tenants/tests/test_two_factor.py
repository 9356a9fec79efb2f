"""The second factor: codes of an app, recovery codes, and who may turn it on and off."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from blip0.common.exceptions import Conflict, InvalidField
from blip0.common.sealing import is_sealed
from blip0.testing.world import PASSWORD, STAFF
from tenants.choices import SessionEnd
from tenants.exceptions import TooManyAttempts
from tenants.models import AuditRecord, StaffSession, Tenant, TwoFactor, User
from tenants.services.two_factor import (
    RECOVERY_CODES,
    recovery_codes_renew,
    second_factor_check,
    secret_new,
    secret_uri,
    two_factor_disable,
    two_factor_enable,
    two_factor_reset,
)
from tenants.tests.factories import StaffSessionFactory
from tenants.tests.staff import ACTOR, Phone, enrol

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""Of RFC 6238's test vectors: the ASCII text 12345678901234567890."""


@pytest.fixture
def sam(acme: Tenant) -> User:
    return User.objects.get(email=STAFF)


def check(user: User, code: str, now: Any = None) -> None:
    second_factor_check(user=user, code=code, now=now or timezone.now(), actor=ACTOR)


def enable(user: User, **given: Any) -> list[str]:
    secret = given.pop("secret", None) or secret_new()
    return two_factor_enable(
        user=user,
        secret=secret,
        **{
            "password": PASSWORD,
            "code": Phone(secret).code(),
            "now": timezone.now(),
            "session": None,
            "actor": ACTOR,
            **given,
        },
    )


def actions(user: User) -> list[str]:
    records = AuditRecord.objects.filter(object_id=str(user.pk)).order_by("id")
    return list(records.values_list("action", flat=True))


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")]
)
def test_enable__vectors_of_rfc_6238__are_taken(sam: User, seconds: int, code: str) -> None:
    now = datetime.fromtimestamp(seconds, tz=UTC)

    assert len(enable(sam, secret=RFC_SECRET, code=code, now=now)) == RECOVERY_CODES


def test_enable__stores_no_secret_and_no_code_in_the_clear(sam: User) -> None:
    secret = secret_new()

    codes = enable(sam, secret=secret)

    held = TwoFactor.objects.get(pk=sam.pk)
    assert is_sealed(held.secret)
    stored = str(list(TwoFactor.objects.values())) + str(list(AuditRecord.objects.values()))
    assert secret not in stored
    assert not [code for code in codes if code in stored or code.replace("-", "") in stored]
    assert len(set(codes)) == RECOVERY_CODES


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"code": "000000"}, "/code"),
        ({"code": "٣٣٣٣٣٣"}, "/code"),
        ({"password": "x"}, "/password"),
    ],
)
def test_enable__wrong_code_or_password__changes_nothing(
    sam: User, given: dict[str, str], pointer: str
) -> None:
    with pytest.raises(InvalidField) as refusal:
        enable(sam, **given)

    assert refusal.value.pointer == pointer
    assert not TwoFactor.objects.exists()


def test_enable__twice__is_refused_and_the_first_stays(sam: User) -> None:
    enrol(sam)
    before = TwoFactor.objects.get(pk=sam.pk).secret

    with pytest.raises(Conflict):
        enable(sam)

    assert TwoFactor.objects.get(pk=sam.pk).secret == before


def test_enable__ends_other_sessions_and_proves_this_one(sam: User) -> None:
    here, there = StaffSessionFactory.create_batch(2, user=sam)

    enable(sam, session=here.pk)

    here.refresh_from_db()
    there.refresh_from_db()
    assert (here.ended_at, here.two_factor) == (None, True)
    assert there.end_reason == SessionEnd.TWO_FACTOR


@pytest.mark.parametrize(
    ("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_code__of_a_step_beside__is_taken_and_no_further(sam: User, steps: int, good: bool) -> None:
    phone, _ = enrol(sam)
    now = timezone.now()
    code = phone.code(steps, now=now)

    if good:
        check(sam, code, now)
    else:
        with pytest.raises(InvalidField):
            check(sam, code, now)


def test_code__again_or_an_older_one__is_refused(sam: User) -> None:
    phone, _ = enrol(sam)
    now = timezone.now()
    newest = phone.code(now=now)
    check(sam, newest, now)

    for code in (newest, phone.code(-1, now=now)):
        with pytest.raises(InvalidField):
            check(sam, code, now)

    check(sam, phone.code(1, now=now), now)
    assert actions(sam).count("two_factor.code_refused") == 2


def test_code__of_the_enrolment__does_not_sign_in(sam: User) -> None:
    now = timezone.now()
    secret = secret_new()
    enable(sam, secret=secret, now=now, code=Phone(secret).code(now=now))

    with pytest.raises(InvalidField):
        check(sam, Phone(secret).code(now=now), now)


def test_recovery_code__typed_with_capitals_and_blanks__is_taken_once(sam: User) -> None:
    _, codes = enrol(sam)

    check(sam, f" {codes[0].upper().replace('-', ' ')} ")

    with pytest.raises(InvalidField):
        check(sam, codes[0])
    assert len(TwoFactor.objects.get(pk=sam.pk).recovery_hashes) == RECOVERY_CODES - 1
    assert "two_factor.recovery_code_used" in actions(sam)


def test_recovery_code__of_somebody_else__is_refused(sam: User) -> None:
    enrol(sam)
    other = User.objects.create_user("other@blip0.test", PASSWORD, is_staff=True)
    _, codes = enrol(other)

    with pytest.raises(InvalidField):
        check(sam, codes[0])


def _race(user: User, code: str, threads: int = 6) -> list[str]:
    """What each of several gets that give this code at once."""
    start, outcomes = threading.Barrier(threads), []

    def run() -> None:
        try:
            start.wait()
            check(user, code)
            outcomes.append("in")
        except InvalidField:
            outcomes.append("refused")
        except TooManyAttempts:
            outcomes.append("slowed")
        finally:
            connection.close()

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return outcomes


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_code__given_by_many_at_once__exactly_one_gets_in(committed: None, kind: str) -> None:
    user = User.objects.get(email=STAFF)
    phone, codes = enrol(user)

    outcomes = _race(user, phone.code() if kind == "app" else codes[0])

    assert outcomes.count("in") == 1
    assert len(outcomes) == 6


def test_wrong_codes__from_changing_addresses__are_slowed_all_the_same(sam: User) -> None:
    phone, codes = enrol(sam)
    for _ in range(5):
        with pytest.raises(InvalidField):
            check(sam, "000000")

    for code in ("000000", phone.code(), codes[0]):
        with pytest.raises(TooManyAttempts):
            check(sam, code)


def test_renew__the_old_codes_are_void(sam: User) -> None:
    phone, old = enrol(sam)
    new = recovery_codes_renew(user=sam, code=phone.code(), now=timezone.now(), actor=ACTOR)

    with pytest.raises(InvalidField):
        check(sam, old[0])
    check(sam, new[0])
    assert set(new).isdisjoint(old)


@pytest.mark.parametrize("wrong", ["password", "code"])
def test_disable__with_one_of_both_wrong__stays_on(sam: User, wrong: str) -> None:
    phone, _ = enrol(sam)
    given = {"password": PASSWORD, "code": phone.code(), wrong: "000000"}

    with pytest.raises(InvalidField):
        two_factor_disable(user=sam, now=timezone.now(), session=None, actor=ACTOR, **given)

    assert TwoFactor.objects.filter(pk=sam.pk).exists()


def test_disable__with_a_recovery_code__is_off_and_other_sessions_are_over(sam: User) -> None:
    _, codes = enrol(sam)
    here, there = StaffSessionFactory.create_batch(2, user=sam, two_factor=True)

    two_factor_disable(
        user=sam,
        password=PASSWORD,
        code=codes[0],
        now=timezone.now(),
        session=here.pk,
        actor=ACTOR,
    )

    assert not TwoFactor.objects.exists()
    assert list(StaffSession.objects.filter(ended_at=None)) == [here]
    assert StaffSession.objects.get(pk=there.pk).end_reason == SessionEnd.TWO_FACTOR


def test_reset__by_command__needs_a_reason_and_ends_all_sessions(sam: User) -> None:
    enrol(sam)
    StaffSessionFactory.create(user=sam, two_factor=True)
    out = StringIO()

    with pytest.raises(CommandError, match="reason"):
        call_command("staff_two_factor", "reset", STAFF, "--reason", " ", stdout=out)
    call_command("staff_two_factor", "reset", STAFF, "--reason", "Called back.", stdout=out)
    call_command("staff_two_factor", "list", stdout=out)

    assert not TwoFactor.objects.exists()
    assert not StaffSession.objects.filter(ended_at=None).exists()
    assert AuditRecord.objects.get(action="two_factor.reset").reason == "Called back."
    assert f"{STAFF}  off\n" in out.getvalue()
    with pytest.raises(Conflict):
        two_factor_reset(user=sam, reason="Again.", now=timezone.now(), actor=ACTOR)


def test_secret__key_was_rotated__is_sealed_anew_and_still_opens(sam: User, settings: Any) -> None:
    phone, _ = enrol(sam)
    old = settings.SEALING_KEYS
    new_key = f"fresh:{'A' * 43}="
    settings.SEALING_KEYS = f"{new_key},{old}"
    out = StringIO()

    call_command("secrets_rotate", stdout=out)
    settings.SEALING_KEYS = new_key

    assert "two-factor sign-ins: 1 rows with secrets, 1 sealed anew" in out.getvalue()
    check(sam, phone.code())


def test_secret__its_key_is_gone__recovery_codes_still_work(sam: User, settings: Any) -> None:
    phone, codes = enrol(sam)
    settings.SEALING_KEYS = f"other:{'A' * 43}="

    with pytest.raises(Conflict, match="recovery code"):
        check(sam, phone.code())
    check(sam, codes[0])


def test_uri__is_what_apps_read(sam: User) -> None:
    uri = secret_uri(user=sam, secret=RFC_SECRET)

    assert uri.startswith("otpauth://totp/Blip0:sam%40blip0.test?")
    assert f"secret={RFC_SECRET}" in uri
    assert "period=30" in uri


def test_code__long_after__needs_a_new_one(sam: User) -> None:
    phone, _ = enrol(sam)
    now = timezone.now()

    with pytest.raises(InvalidField):
        check(sam, phone.code(now=now), now + timedelta(minutes=2))
