"""Personal data that its form identifies. Data that only a model can identify (names, addresses) is not covered."""

from __future__ import annotations

import re
from collections.abc import Iterator

FORMS: dict[str, re.Pattern[str]] = {
    "AWS_ACCESS_KEY": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "AWS_SECRET_KEY": re.compile(
        r"(?<![A-Za-z0-9/+=])(?=[^\s]*[0-9])(?=[^\s]*[a-z])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
    ),
    "CREDIT_DEBIT_CARD_NUMBER": re.compile(r"\b\d(?:[ -]?\d){12,18}\b"),
    "EMAIL": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "INTERNATIONAL_BANK_ACCOUNT_NUMBER": re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b"),
    "IP_ADDRESS": re.compile(r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b"),
    "MAC_ADDRESS": re.compile(r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b"),
    "PHONE": re.compile(r"(?<![\w.])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,4}\)|\d{2,4})[ .-]\d{3,4}[ .-]?\d{3,4}(?!\w)"),
    "URL": re.compile(r"\b(?:https?://|www\.)[^\s<>\"']+"),
    "US_SOCIAL_SECURITY_NUMBER": re.compile(r"\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b"),
}


def find(kind: str, text: str) -> Iterator[str]:
    """Yield the data of this kind in the text. Raise `KeyError` for a kind without a form."""
    for match in FORMS[kind].finditer(text):
        if kind != "CREDIT_DEBIT_CARD_NUMBER" or _checks_out(match[0]):
            yield match[0]


def _checks_out(number: str) -> bool:
    """Return whether Luhn's check digit is right."""
    digits = [int(digit) for digit in reversed(number) if digit.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
