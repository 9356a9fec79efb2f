"""A tenant's engineer at work with the generated client; test_python.py runs it.

Checked by mypy beside the client, in its folder.
"""

from __future__ import annotations

import sys
from urllib.parse import parse_qs, urlsplit

from blip0_client import AuthenticatedClient, Client
from blip0_client.api.login import login
from blip0_client.api.monitors import (
    monitors_create,
    monitors_destroy,
    monitors_list,
    monitors_partial_update,
    monitors_retrieve,
)
from blip0_client.models import (
    AddressRequest,
    AlertingRequest,
    LoginRequest,
    LoginResponse,
    MatchConditionsRequest,
    Monitor,
    MonitorExpansion,
    MonitorRequest,
    MonitorsListOrdering,
    PaginatedMonitorList,
    PatchedMonitorRequest,
    Problem,
    ProjectedState,
    Projection,
    Report,
    Severity,
    ThresholdRequest,
    TransactionConditionRequest,
    TransactionStatus,
    Verdict,
)
from blip0_client.types import UNSET, Unset


def journey(server: str, email: str, password: str) -> None:
    signed_in = login.sync(client=Client(server), body=LoginRequest(email=email, password=password))
    assert isinstance(signed_in, LoginResponse), signed_in
    client = AuthenticatedClient(server, token=signed_in.access)
    body = MonitorRequest(
        name="Watched by Python",
        networks=["ethereum_mainnet"],
        addresses=[AddressRequest(address="0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48")],
        match_conditions=MatchConditionsRequest(
            functions=[],
            events=[],
            transactions=[TransactionConditionRequest(status=TransactionStatus.FAILURE)],
        ),
        trigger_conditions=[],
        triggers=[],
        alerting=AlertingRequest(
            severity=Severity.HIGH, threshold=ThresholdRequest(amount=3, window_s=60)
        ),
    )

    # Everything but the save.
    trial = monitors_create.sync(client=client, body=body, validate_only=True)
    assert isinstance(trial, Report)
    assert trial.verdict is Verdict.OK

    # The answer is lost, and the request is sent again.
    created, repeated = (
        monitors_create.sync_detailed(client=client, body=body, idempotency_key="python-1")
        for _ in range(2)
    )
    assert (created.status_code, repeated.status_code) == (201, 201)
    assert repeated.headers["Idempotency-Replayed"] == "true"
    monitor = created.parsed
    assert isinstance(monitor, Monitor)
    assert repeated.parsed == monitor

    # Two people change it at once: the second is told so.
    etag = created.headers["ETag"]
    changed, stale = (
        monitors_partial_update.sync_detailed(
            monitor.id,
            client=client,
            body=PatchedMonitorRequest(description=description),
            if_match=etag,
        )
        for description in ("of the first", "of the second")
    )
    assert isinstance(changed.parsed, Monitor)
    assert changed.parsed.description == "of the first"
    assert stale.status_code == 412
    assert isinstance(stale.parsed, Problem)
    assert stale.parsed.code == "stale"
    assert stale.headers["ETag"] == changed.headers["ETag"]

    # A rule is broken.
    body.networks = ["nowhere"]
    refused = monitors_create.sync(client=client, body=body)
    assert isinstance(refused, Problem)
    assert refused.errors[0].pointer == "/networks/0"

    assert slugs_page_by_page(client) == [monitor.slug, "watched"]
    expanded = monitors_retrieve.sync(
        monitor.id, client=client, expand=[MonitorExpansion.PROJECTION]
    )
    assert isinstance(expanded, Monitor)
    assert isinstance(expanded.projection, Projection)
    assert expanded.projection.state is ProjectedState.ACTIVE

    assert monitors_destroy.sync_detailed(monitor.id, client=client).status_code == 204
    gone = monitors_retrieve.sync(monitor.id, client=client)
    assert isinstance(gone, Problem)
    assert gone.code == "not_found"


def slugs_page_by_page(client: AuthenticatedClient) -> list[str]:
    slugs: list[str] = []
    cursor: str | Unset = UNSET
    while True:
        page = monitors_list.sync(
            client=client,
            page_size=1,
            ordering=MonitorsListOrdering.SLUG_DESCENDING,
            cursor=cursor,
        )
        assert isinstance(page, PaginatedMonitorList)
        slugs += [monitor.slug for monitor in page.results]
        if page.next_ is None:
            return slugs
        cursor = parse_qs(urlsplit(page.next_).query)["cursor"][0]


if __name__ == "__main__":
    journey(*sys.argv[1:])
