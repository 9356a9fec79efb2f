"""What the services of this app refuse, beyond the common errors."""

from __future__ import annotations

from blip0.common.exceptions import DomainError


class InvalidField(DomainError):
    """A value breaks a rule of ours that is none of the runtime's; `pointer` names the field."""

    code = "invalid"
