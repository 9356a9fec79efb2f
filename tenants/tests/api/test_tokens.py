"""Attacks on access tokens. Each forged one is refused, and the genuine one it is made of works."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.utils import timezone
from rest_framework.test import APIClient

from blip0.common.keyrings import parse_keyring
from blip0.testing.api import ana
from tenants.api.tokens import TenantAccessToken
from tenants.models import Membership
from tenants.services.families import family_begin

((KEY_ID, KEY),) = parse_keyring(settings.JWT_KEYS, "BLIP0_JWT_KEYS").items()


@pytest.fixture
def claims(acme):
    membership = Membership.objects.select_related("user").get(user__email="ana@acme.test")
    family = family_begin(membership=membership, lifetime=timedelta(days=7), now=timezone.now())
    token = str(TenantAccessToken.for_family(family))
    return jwt.decode(token, KEY, algorithms=["HS256"], audience="blip0-api")


def signed(claims, key=KEY, algorithm="HS256", **headers):
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": KEY_ID, **headers})


def me(token):
    return APIClient().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})


def unsigned(claims, algorithm="none"):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': KEY_ID})}.{part(claims)}."


def test_token__genuine_claims__are_accepted(claims):
    assert me(signed(claims)).status_code == 200


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS256"])
def test_token__unsigned__is_refused(claims, algorithm):
    answer = me(unsigned(claims, algorithm))

    assert answer.status_code == 401
    assert answer.json()["code"] == "token_invalid"


@pytest.mark.filterwarnings("default::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_token__another_algorithm_with_our_key__is_refused(claims, algorithm):
    assert me(signed(claims, algorithm=algorithm)).status_code == 401


def test_token__another_key__is_refused(claims):
    assert me(signed(claims, key="k" * 60)).status_code == 401


@pytest.mark.parametrize("header", ["kid", "jku", "x5u"])
def test_token__key_named_by_the_token__is_never_looked_up(claims, header):
    forged = signed(claims, key="k" * 60, **{header: "https://evil.test/keys.json"})

    assert me(forged).status_code == 401


def test_token__no_key_named__is_refused(claims):
    assert me(jwt.encode(claims, KEY, algorithm="HS256")).status_code == 401


@pytest.mark.parametrize("kid", ["", "DEV", "dev ", "../dev", "dev\x00", "other", "0"])
def test_token__key_that_is_not_in_the_ring__is_refused(claims, kid):
    assert me(signed(claims, kid=kid)).status_code == 401


@pytest.mark.parametrize("kid", [None, 1, ["dev"], {"dev": "dev"}])
def test_token__key_id_that_is_no_text__is_refused(claims, kid):
    good = signed(claims).split(".")
    header = json.dumps({"alg": "HS256", "typ": "JWT", "kid": kid}).encode()
    encoded = base64.urlsafe_b64encode(header).rstrip(b"=").decode()
    signature = hmac.new(KEY, f"{encoded}.{good[1]}".encode(), "sha256").digest()
    forged = f"{encoded}.{good[1]}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"

    assert me(forged).status_code == 401


def test_token__public_key_algorithm__is_refused(claims):
    """Ours is symmetric: a token that is signed with somebody's private key proves nothing."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ring = {"kid": KEY_ID, "jwk": {"kty": "RSA"}, "jku": "https://evil.test/keys.json"}

    assert me(jwt.encode(claims, private, algorithm="RS256", headers=ring)).status_code == 401


def _ring(*names):
    return ",".join(f"{name}:{base64.b64encode(name.encode() * 32).decode()}" for name in names)


def test_keys__rotated__old_tokens_verify_until_their_key_is_taken_out(acme, settings):
    settings.JWT_KEYS = _ring("a")
    old = ana()
    settings.JWT_KEYS = _ring("b", "a")
    new = ana()
    assert [client.get("/api/v1/me").status_code for client in (old, new)] == [200, 200]

    settings.JWT_KEYS = _ring("b")
    assert [client.get("/api/v1/me").status_code for client in (old, new)] == [401, 200]


def test_keys__token_of_one_under_the_name_of_another__is_refused(claims, settings):
    settings.JWT_KEYS = _ring("a", "b")

    assert me(signed(claims, key=b"a" * 32, kid="a")).status_code == 200
    assert me(signed(claims, key=b"a" * 32, kid="b")).status_code == 401


@pytest.mark.parametrize("position", [0, 1, 2])
def test_token__a_part_altered__is_refused(claims, position):
    parts = signed(claims).split(".")
    flipped = "A" if parts[position][5] != "A" else "B"
    parts[position] = parts[position][:5] + flipped + parts[position][6:]

    assert me(".".join(parts)).status_code == 401


@pytest.mark.parametrize(
    "missing", ["sub", "tenant", "sid", "exp", "iss", "aud", "jti", "token_type"]
)
def test_token__claim_missing__is_refused(claims, missing):
    del claims[missing]

    assert me(signed(claims)).status_code == 401


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "someone-else"),
        ("aud", "another-api"),
        ("token_type", "refresh"),
        ("sub", "not-a-uuid"),
        ("sub", "5d1a8f6e-0000-4000-8000-000000000000"),
        ("tenant", "acme"),
        ("tenant", ["x"]),
        ("sid", "5d1a8f6e-0000-4000-8000-000000000000"),
        ("sid", "x"),
        ("sid", None),
    ],
)
def test_token__claim_of_another_value__is_refused(claims, claim, value):
    assert me(signed({**claims, claim: value})).status_code == 401


def test_token__tenant_the_user_does_not_belong_to__is_refused(claims, globex):
    answer = me(signed({**claims, "tenant": str(globex.pk)}))

    assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")


def test_token__expired_a_second_ago__is_refused(claims):
    past = datetime.now(UTC) - timedelta(seconds=1)

    assert me(signed({**claims, "exp": past})).status_code == 401


def test_token__not_valid_yet__is_refused(claims):
    future = datetime.now(UTC) + timedelta(minutes=5)

    assert me(signed({**claims, "nbf": future})).status_code == 401


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ä.ö.ü", "a b", "." * 5000])
def test_token__no_token_at_all__is_refused(acme, token):
    assert me(token).status_code == 401
