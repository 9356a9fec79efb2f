"""Sign-up: who proves to read an address's mail gets a tenant of their own.

Nothing is stored until then. The mail's token is signed and holds what was asked for; it is good
once, because a slug is given away once.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Final

from django.core import signing
from django.db import connection, transaction

from blip0.common.actors import Actor
from blip0.common.addresses import client_address
from blip0.common.exceptions import Conflict, InvalidField
from blip0.common.setting_kinds import Switch
from blip0.common.slugs import slug_from
from blip0.common.system_settings import SettingDefinition, setting_value
from tenants.choices import Role, TenantStatus
from tenants.exceptions import SignUpClosed, TooManyAttempts
from tenants.models import Membership, Tenant, User
from tenants.services.joining import account_prove, account_take
from tenants.services.lifecycle import tenant_create
from tenants.services.settings import plan_of
from tenants.store.attempts import attempt_count
from tenants.validators import cleaned_email, cleaned_name, require_slug

LIFETIME_S: Final = 86_400
_SALT: Final = "blip0.sign-up"

SIGN_UP: Final = SettingDefinition(
    key="sign_up",
    label="Sign-up",
    help="Anybody may make a tenant for themselves over the API, on the default plan, once they "
    "have shown that they read their mail. Off: only staff make tenants.",
    kind=Switch(),
    default=lambda: False,
)


@dataclass(frozen=True)
class SignUp:
    """What somebody asks for, in normal form."""

    email: str
    name: str
    slug: str


def sign_up_begin(*, email: str, name: str, slug: str = "") -> SignUp:
    """Check what is asked for; the mail that follows proves the address. Nothing is stored.

    Without a slug it is made of the name. Raises `SignUpClosed`, `InvalidField`, `Conflict` for a
    slug that is or was taken, and `TooManyAttempts`: nobody's mailbox is flooded.
    """
    _require_open()
    email, name = cleaned_email(email), cleaned_name(name, longest=200)
    slug = slug or slug_from(name, fallback="")
    require_slug(slug)
    if wait := attempt_count(account=f"sign-up:{email}", address=client_address()):
        raise TooManyAttempts(f"Too many requests; try again in {wait} s.", retry_after_s=wait)
    if Tenant.objects.filter(slug=slug).exists():
        raise Conflict(f"slug {slug!r} is taken. Choose another.", pointer="/slug")
    return SignUp(email, name, slug)


def sign_up_token(asked: SignUp) -> str:
    """Proof that whoever has it reads the address's mail. Good for `LIFETIME_S`."""
    return signing.dumps(astuple(asked), salt=_SALT)


def sign_up_confirm(*, token: str, password: str, name: str = "") -> Membership:
    """Make the tenant, with the default plan, and its owner. Returns the owner's membership.

    Those who have an account prove it by its password; others get one with this password and
    `name`. Raises `SignUpClosed`, `BadCredentials`, `TooManyAttempts`, `InvalidField`, and
    `Conflict` where the token was used, or the account owns a tenant of this plan already.
    """
    _require_open()
    asked = _asked(token)
    with transaction.atomic():
        _require_free(asked.slug)
        proven = account_prove(email=asked.email, password=password)
        user = account_take(email=asked.email, name=name, password=password, proven=proven)
        _require_first(user)
        actor = Actor(kind="user", id=str(user.pk), name=user.email)
        tenant = tenant_create(
            slug=asked.slug, name=asked.name, actor=actor, owner_email=user.email
        )
    return Membership.objects.select_related("tenant", "user").get(tenant=tenant, user=user)


def _require_open() -> None:
    if not setting_value(SIGN_UP):
        raise SignUpClosed(
            "Sign-up is closed. Ask us for a tenant, or its owner for an invitation."
        )


def _asked(token: str) -> SignUp:
    try:
        return SignUp(*signing.loads(token, salt=_SALT, max_age=LIFETIME_S))
    except signing.BadSignature:
        raise InvalidField(
            "token: it is unknown or expired; sign up again.",
            pointer="/token",
            code="sign_up_token_invalid",
        ) from None


def _require_free(slug: str) -> None:
    """Whoever confirms the same at once waits here, and finds it done."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('sign-up ' || %s, 0))", [slug]
        )
    if Tenant.objects.filter(slug=slug).exists():
        raise Conflict(f"The token was used, or {slug} was taken meanwhile; sign up again.")


def _require_first(user: User) -> None:
    """The account's row is locked: of two at once, the second finds the first one's tenant."""
    owned = Membership.objects.filter(user=user, role=Role.OWNER, tenant__plan=plan_of(""))
    first = owned.exclude(tenant__status=TenantStatus.DELETED).select_related("tenant").first()
    if first is not None:
        raise Conflict(
            f"{user.email} owns {first.tenant.slug} already, on the same plan. Ask us for another."
        )
