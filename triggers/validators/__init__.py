"""Checks of triggers; `AppConfig.ready()` registers `CHECKS`."""

from blip0.common.validation import Check
from triggers.validators.email_address import check_email
from triggers.validators.retry import check_retry
from triggers.validators.trigger import check_trigger

CHECKS: dict[str, Check] = {
    "trigger": check_trigger,
    "email": check_email,
    "retry": check_retry,
}
