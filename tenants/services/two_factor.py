"""Two-factor sign-in of staff: time-based codes (RFC 6238), and recovery codes for a lost phone.

A code is good in its own 30 s and the steps beside it, once. Guesses are counted for the account,
wherever they come from: who makes them has the password already.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.db import transaction
from django.db.models import F, Func, Value

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, InvalidField
from blip0.common.reseal import Resealed, reseal_rows
from blip0.common.sealing import CannotOpen, Place, keyring
from blip0.common.setting_kinds import Switch
from blip0.common.system_settings import SettingDefinition
from tenants.choices import SessionEnd
from tenants.exceptions import BadCredentials, TooManyAttempts
from tenants.models import StaffSession, TwoFactor, User
from tenants.services.audit import audit_record
from tenants.services.signin import password_check
from tenants.services.staff_sessions import staff_sessions_end
from tenants.store.attempts import attempt_count, attempt_forgive

ISSUER: Final = "Blip0"
STEP_S: Final = 30
TOLERANCE: Final = 1
"""Steps by which a phone's clock may be off, either way."""
RECOVERY_CODES: Final = 10

STAFF_TWO_FACTOR: Final = SettingDefinition(
    key="staff_two_factor",
    label="Require two-factor sign-in of staff",
    help="Staff without it are led to set it up, and reach nothing else. Off: it is everybody's "
    "choice, and asked of those who have it.",
    kind=Switch(),
    default=lambda: False,
)

_SECRET_BYTES = 20
_DIGITS = 6
_PLATFORM = UUID(int=0)
"""Stands for the tenant where a secret is sealed that is no tenant's."""


def secret_new() -> str:
    """A secret as people may type it: 32 letters and digits, 160 bits."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def secret_uri(*, user: User, secret: str) -> str:
    """What an authenticator app reads from a QR code."""
    return _totp(secret).get_provisioning_uri(user.email, ISSUER)


def secret_place(user_id: UUID) -> Place:
    """Where the secret is sealed for, while it is being set up and afterwards."""
    return Place(_PLATFORM, user_id, "two_factor")


@transaction.atomic
def two_factor_enable(
    *,
    user: User,
    password: str,
    secret: str,
    code: str,
    now: datetime,
    session: UUID | None,
    actor: Actor,
) -> list[str]:
    """Begin to ask for codes of this secret, once one proves that the app has it.

    All sessions end but this one, which counts as proved. Returns the recovery codes, which nobody
    can see again. Raises `InvalidField`, `TooManyAttempts`, and `Conflict` where there is one.
    """
    _require_password(user, password)
    step = _matching_step(secret, _bare(code), now)
    if step is None:
        raise InvalidField(
            "code: it isn't the app's code of this moment. Is the clock of the phone right?",
            pointer="/code",
        )
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if TwoFactor.objects.filter(pk=user.pk).exists():
        raise Conflict("Two-factor sign-in is on already; turn it off to set up another app.")
    codes = _recovery_codes()
    TwoFactor.objects.create(
        user=user,
        secret=keyring().seal(secret, secret_place(user.pk)),
        last_step=step,
        recovery_hashes=[_hash(user, each) for each in codes],
        created_at=now,
    )
    staff_sessions_end(user=user, reason=SessionEnd.TWO_FACTOR, now=now, but=session)
    StaffSession.objects.filter(user=user, ended_at=None).update(two_factor=True)
    _audit("two_factor.enabled", user, actor)
    return codes


def second_factor_check(*, user: User, code: str, now: datetime, actor: Actor) -> None:
    """Use up a code of the app, or a recovery code: of two at once, one succeeds.

    Raises `InvalidField`, which the audit log keeps, and `TooManyAttempts`.
    """
    who = f"code:{user.pk}"
    if wait := attempt_count(account=who, address=who):
        raise TooManyAttempts(f"Too many wrong codes; try again in {wait} s.", retry_after_s=wait)
    given = _bare(code)
    is_of_app = re.fullmatch(rf"[0-9]{{{_DIGITS}}}", given, re.ASCII) is not None
    with transaction.atomic():
        used = _use_step(user, given, now) if is_of_app else _use_recovery_code(user, given)
        if used and not is_of_app:
            _audit("two_factor.recovery_code_used", user, actor)
        elif not used:
            _audit("two_factor.code_refused", user, actor)
    if not used:
        raise InvalidField("code: it is wrong, or was used before.", pointer="/code")
    attempt_forgive(account=who, address=who)


def recovery_codes_renew(*, user: User, code: str, now: datetime, actor: Actor) -> list[str]:
    """Ten new ones; the old ones are void. Raises what `second_factor_check` does."""
    second_factor_check(user=user, code=code, now=now, actor=actor)
    codes = _recovery_codes()
    with transaction.atomic():
        TwoFactor.objects.filter(pk=user.pk).update(
            recovery_hashes=[_hash(user, each) for each in codes]
        )
        _audit("two_factor.recovery_codes_renewed", user, actor)
    return codes


def two_factor_disable(
    *, user: User, password: str, code: str, now: datetime, session: UUID | None, actor: Actor
) -> None:
    """By oneself. All other sessions end. Raises `InvalidField` and `TooManyAttempts`."""
    _require_password(user, password)
    second_factor_check(user=user, code=code, now=now, actor=actor)
    with transaction.atomic():
        TwoFactor.objects.filter(pk=user.pk).delete()
        staff_sessions_end(user=user, reason=SessionEnd.TWO_FACTOR, now=now, but=session)
        StaffSession.objects.filter(user=user, ended_at=None).update(two_factor=False)
        _audit("two_factor.disabled", user, actor)


@transaction.atomic
def two_factor_reset(*, user: User, reason: str, now: datetime, actor: Actor) -> None:
    """For somebody who lost phone and codes: all their sessions end, the password alone opens.

    Raises `InvalidField` without a reason, `Conflict` where there is nothing to reset.
    """
    if not reason.strip():
        raise InvalidField("reason: say how you know that it is them.", pointer="/reason")
    deleted, _ = TwoFactor.objects.filter(pk=user.pk).delete()
    if not deleted:
        raise Conflict(f"{user.email} has no two-factor sign-in.")
    staff_sessions_end(user=user, reason=SessionEnd.TWO_FACTOR, now=now)
    _audit("two_factor.reset", user, actor, reason)


def two_factors_reseal(*, dry_run: bool) -> Iterator[Resealed]:
    """Bring all secrets under the primary key."""
    ring = keyring()

    def reseal(row: TwoFactor) -> dict[str, str]:
        sealed = ring.reseal(row.secret, secret_place(row.pk))
        return {} if sealed == row.secret else {"secret": sealed}

    return reseal_rows(TwoFactor.objects.all(), reseal, dry_run=dry_run)


def _use_step(user: User, code: str, now: datetime) -> bool:
    held = TwoFactor.objects.filter(pk=user.pk).first()
    if held is None:
        return False
    try:
        secret = keyring().open(held.secret, secret_place(user.pk))
    except CannotOpen as error:
        raise Conflict(
            f"The secret of the app can't be opened ({error}). Sign in with a recovery code, or "
            "let the two-factor sign-in be reset.",
            pointer="/code",
        ) from error
    step = _matching_step(secret, code, now)
    if step is None:
        return False
    unused = TwoFactor.objects.filter(pk=user.pk, secret=held.secret, last_step__lt=step)
    return unused.update(last_step=step) == 1


def _use_recovery_code(user: User, code: str) -> bool:
    hashed = _hash(user, code)
    unused = TwoFactor.objects.filter(pk=user.pk, recovery_hashes__contains=[hashed])
    without = Func(F("recovery_hashes"), Value(hashed), function="array_remove")
    return unused.update(recovery_hashes=without) == 1


def _totp(secret: str) -> TOTP:
    # SHA-1 is all that common apps know; as an HMAC it is good.
    return TOTP(base64.b32decode(secret), _DIGITS, SHA1(), STEP_S)  # noqa: S303  # see above


def _matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The newest step whose code this is. All are compared, and in constant time."""
    totp, current = _totp(secret), int(now.timestamp()) // STEP_S
    given = code.encode()
    fitting = [
        step
        for step in range(current - TOLERANCE, current + TOLERANCE + 1)
        if hmac.compare_digest(totp.generate(step * STEP_S), given)
    ]
    return max(fitting, default=None)


def _bare(code: str) -> str:
    """As people may type it: in groups, in capitals."""
    return re.sub(r"[\s-]", "", code).lower()


def _recovery_codes() -> list[str]:
    """Each of 80 bits, as `abcd-efgh-ijkl-mnop`."""
    texts = [base64.b32encode(secrets.token_bytes(10)).decode() for _ in range(RECOVERY_CODES)]
    return ["-".join(re.findall("....", text.lower())) for text in texts]


def _hash(user: User, code: str) -> str:
    """As of API keys: what has 80 random bits needs no slow hash."""
    return hashlib.sha256(f"{user.pk}:{_bare(code)}".encode()).hexdigest()


def _require_password(user: User, password: str) -> None:
    try:
        password_check(email=user.email, password=password)
    except BadCredentials:
        raise InvalidField("password: it is wrong.", pointer="/password") from None


def _audit(action: str, user: User, actor: Actor, reason: str = "") -> None:
    audit_record(
        action=action,
        actor=actor,
        object_kind="user",
        object_id=user.pk,
        object_name=user.email,
        reason=reason,
    )
