"""After a commit: nothing that fails there reaches the caller, or keeps the others from running."""

from __future__ import annotations

import pytest
from django.db import transaction

from blip0.common.commits import after_commit


def test_after_commit__fails__logged_and_the_next_one_runs(
    committed: None, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[str] = []

    with transaction.atomic():
        after_commit(int, "no number")
        after_commit(said.append, "said")

    assert said == ["said"]
    assert "Error calling int in on_commit()" in caplog.text


def test_after_commit__rolled_back__never_called(committed: None) -> None:
    said: list[str] = []

    with transaction.atomic():
        after_commit(said.append, "said")
        transaction.set_rollback(True)

    assert said == []
