"""Days in a scenario file: a date, or one that is counted from the day of the reset."""

import re
from datetime import date, timedelta

_DAY = re.compile(r"today(?:([+-])(\d{1,4})([dw]))?", re.ASCII)
_DAYS_OF = {"d": 1, "w": 7}
FIRST, LAST = date(1990, 1, 1), date(2199, 12, 31)
HOW = "Write a date such as 2026-07-01, or today, today-30d, today+2w."


def check(text: str) -> str:
    """Return the text if it names a day. Raises ValueError, with how to write one."""
    on(text, date(2000, 1, 1))
    return text


def on(text: str, today: date) -> date:
    """Return the day that the text names when it is `today`. Raises ValueError."""
    if found := _DAY.fullmatch(text):
        sign, count, unit = found.groups()
        days = int(count) * _DAYS_OF[unit] if count else 0
        return today + timedelta(days=-days if sign == "-" else days)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"This is no day. {HOW}") from None
    if not FIRST <= day <= LAST:
        raise ValueError(f"Choose a day from {FIRST} to {LAST}.")
    return day
