import pytest

from blip0.testing.speed import cpu_seconds
from platform_catalog.validators.cron import parse
from platform_catalog.validators.fire_times import longest_gap

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [
        ("* * * * * *", 1),
        ("*/15 * * * * *", 15),
        ("0,1 * * * * *", 59),
        ("0 * * * * *", MINUTE),
        ("0 */5 * * * *", 5 * MINUTE),
        ("30 */7 * * * *", 7 * MINUTE),
        ("0 0 * * * *", HOUR),
        ("0 0,10 * * * *", 50 * MINUTE),
        ("0 0 */6 * * *", 6 * HOUR),
        ("0 */10 9-17 * * *", 15 * HOUR + 10 * MINUTE),
        ("0 0 0 * * *", DAY),
        ("0 0 12 * * MON-FRI", 3 * DAY),
        ("0 0 0 * * SUN", 7 * DAY),
        ("0 0 0 1 * *", 31 * DAY),
        ("0 0 0 31 * *", 61 * DAY),
        ("0 0 0 1 1 *", 366 * DAY),
        ("0 0 0 29 2 *", 4 * 365 * DAY + DAY),
        ("0 0 0 30 2 *", 0),
        ("59 59 23 * * *", DAY),
        ("0 0 0 * * * 2020", DAY),
    ],
)
def test_longest_gap__of_a_schedule__is_in_seconds(schedule, seconds):
    assert longest_gap(parse(schedule)) == seconds


def test_longest_gap__rare_days__is_computed_fast():
    assert cpu_seconds(lambda: longest_gap(parse("0 0 0 29 2 SUN")), enough=0.2) < 0.2
