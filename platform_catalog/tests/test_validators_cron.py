import pytest

from blip0.tests.validation.helpers import examine, found, messages
from platform_catalog.validators.cron import CronError, check_cron, parse


@pytest.mark.parametrize(
    "text",
    [
        "* * * * * *",
        "******",
        "0 0 0 1 1 ? 2030",
        "0 0 0 ? * *",
        "0 0 0 ?/2 * ?/3",
        "1 - 5 * * * * *",
        "1 ,2 * * * * *",
        "1, 2 * * * * *",
        "5 / 10 * * * * *",
        "0 0 0 * jan-Mar/2 *",
        "0 0 0 * SEPTEMBER Tues-thurs",
        "0 0 0 * * SUN-SAT,MON",
        "\r\n0 0 0 * * *\t",
        " @daily ",
        "0 0 0 * * * */100",
        "000 00 0 * * *",
    ],
)
def test_parse__odd_but_valid__is_accepted(text):
    assert parse(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("* * * * *", "days of the week is missing"),
        ("* * * * * * * *", "after the last field"),
        ("? * * * * *", "can't be read as seconds"),
        ("* * * * ? *", "can't be read as months"),
        ("*,* ,* * * * *", "can't be read as minutes"),
        ("0 0 0 1,,2 * *", "can't be read as days of the month"),
        ("0 0 0 1, * * *", "can't be read as days of the month"),
        ("0 0 0 * foo *", "`foo` means nothing in the months"),
        ("0 0 mon * * *", "`mon` means nothing in the hours"),
        ("0 0 0 * * FRI-MON", "runs backwards"),
        ("0 0 0 * * 8", "1 to 7, not 8"),
        ("0 0 0 L * *", "means nothing in the days of the month"),
        ("0 0 0 * * MON#1", "can't be read as years"),
        ("0 0 0 * * * 2101", "1970 to 2100"),
        ("0/60 * * * * *", "a step in the seconds is 1 to 59, not 60"),
        ("MON/2 * * * * *", "means nothing in the seconds"),
        ("99999999999 * * * * *", "can't be read as seconds"),
        ("@annually", "known shorthands"),
        ("@daily x", "known shorthands"),
        ("@DAILY", "known shorthands"),
        ("", "seconds is missing"),
        ("é * * * * *", "can't be read as seconds"),
        ("٣ * * * * *", "can't be read as seconds"),
        ("1," * 10_001, "longer than"),
    ],
)
def test_parse__what_the_runtime_refuses__says_where_and_why(text, says):
    with pytest.raises(CronError) as caught:
        parse(text)

    assert says in str(caught.value)


def test_parse__steps_and_ranges__give_their_values():
    seconds, minutes, hours, _, months, weekdays = parse("10-30/10 50/5 */8 * JAN,3 MON-WED")

    assert (sorted(seconds), sorted(minutes)) == ([10, 20, 30], [50, 55])
    assert (sorted(hours), sorted(months), sorted(weekdays)) == ([0, 8, 16], [1, 3], [2, 3, 4])


@pytest.mark.parametrize(
    "text", ["0 */5 * * * *", "0 0 0 1,15 1-6 SUN", "0 0 0 * * MON-FRI,SUN", "0  0 0 * * *"]
)
def test_check__safe_subset__has_no_findings(text):
    assert examine(check_cron, text).findings == ()


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("@weekly", "write `0 0 0 * * SUN`"),
        ("0 0 0 * * * 2030", "leave out the field for the year"),
        ("******", "one blank between"),
        ("1, 2 * * * * *", "one blank between"),
        ("0 0 0 * JAN *", "write the months with numbers"),
        ("0 0 0 ? * *", "write the days of the month with numbers"),
        ("0 0 0 * * 1", "numbers mean another day"),
        ("0 0 0 * * MONDAY", "write weekdays as SUN"),
        ("0 0 0 * * mon", "write weekdays as SUN"),
        ("0 0 0 * * */2", "write weekdays as SUN"),
    ],
)
def test_check__valid_but_read_in_two_ways__is_policy_with_the_fix(text, fix):
    report = examine(check_cron, text)

    assert (report.verdict, found(report)) == ("ok", [("error", "cron.unsafe", "")])
    assert report.findings[0].source == "policy"
    assert fix in messages(report)


@pytest.mark.parametrize("text", ["0 0 0 30 2 *", "0 0 0 31 4,6 *"])
def test_check__a_day_that_never_comes__is_a_warning(text):
    assert found(examine(check_cron, text)) == [("warning", "cron.never", "")]


def test_check__leap_day__comes():
    assert examine(check_cron, "0 0 0 29 2 *").findings == ()


@pytest.mark.parametrize(("value", "verdict"), [("", "invalid"), (5, "parse_error")])
def test_check__not_a_schedule_at_all__is_refused(value, verdict):
    assert examine(check_cron, value).verdict == verdict
