import pytest

from blip0.tests.validation.helpers import examine, found, messages
from triggers.validators.retry import check_retry


def _secs(secs, nanos=0):
    return {"secs": secs, "nanos": nanos}


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"max_retries": 0, "base_for_backoff": 2**32 - 1, "jitter": "none"},
        {"initial_backoff": _secs(10), "max_backoff": _secs(10)},
        {"initial_backoff": _secs(0, 4_000_000_000)},
        {"max_backoff": _secs(86_399, 1_000_000_000)},
    ],
)
def test_retry__within_bounds__has_no_errors(policy):
    assert examine(check_retry, policy).errors == ()


@pytest.mark.parametrize(
    "policy",
    [
        None,
        {"jitter": "Full"},
        {"jitter": None},
        {"max_retries": None},
        {"max_retries": 2**32},
        {"max_backoff": 250},
        {"max_backoff": {"secs": 1}},
        {"max_backoff": {"secs": 1, "nanos": 2**32}},
        {"max_backoff": {"secs": 1, "nanos": 0, "ms": 1}},
        {"max_backoff": [1]},
        {"max_backoff": [1, 2, 3]},
        {"max_backoff": _secs(2**64 - 1, 1_000_000_000)},
    ],
)
def test_retry__what_the_runtime_cannot_read__is_a_parse_error(policy):
    assert examine(check_retry, policy).verdict == "parse_error"


@pytest.mark.parametrize(
    ("policy", "pointer"),
    [
        ({"initial_backoff": _secs(99)}, "/initial_backoff"),
        ({"max_backoff": _secs(0, 249_999_999)}, "/max_backoff"),
        ({"initial_backoff": _secs(2), "max_backoff": _secs(1, 999_999_999)}, "/initial_backoff"),
    ],
)
def test_retry__initial_above_maximum__would_stop_the_runtime_and_is_refused(policy, pointer):
    report = examine(check_retry, policy)

    assert (report.verdict, found(report)) == ("ok", [("error", "retry.backoff", pointer)])


@pytest.mark.parametrize(
    ("policy", "pointers"),
    [
        ({"max_backoff": _secs(86_400, 1)}, ["/max_backoff"]),
        (
            {"initial_backoff": _secs(2**64 - 1), "max_backoff": _secs(2**64 - 1)},
            ["/initial_backoff", "/max_backoff"],
        ),
    ],
)
def test_retry__longer_than_a_day__is_refused_by_policy(policy, pointers):
    report = examine(check_retry, policy)

    assert report.verdict == "ok"
    assert found(report) == [("error", "retry.range", pointer) for pointer in pointers]


def test_retry__duration_as_a_list__is_fine_for_the_runtime_but_not_for_policy():
    report = examine(check_retry, {"initial_backoff": [1, 0]})

    assert report.verdict == "ok"
    assert found(report) == [("error", "shape.spelling", "/initial_backoff")]


def test_retry__misspelt_key__is_ignored_by_the_runtime_and_pointed_out():
    report = examine(check_retry, {"max_retry": 3})

    assert (report.verdict, found(report)) == ("ok", [("warning", "shape.ignored", "/max_retry")])
    assert "did you mean `max_retries`?" in messages(report)
