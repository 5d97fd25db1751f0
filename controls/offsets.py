"""How far the test clock is ahead, as testers write and read it. Knows no Django."""

import re
from datetime import timedelta

LONGEST = timedelta(days=3650)
OFF = "off"
HOW = "Write +30d, +2w or +12h, several as in +1d12h, or off."
_UNITS = {"w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1)}
_UNITS["m"] = timedelta(minutes=1)
_FORM = re.compile(r"\+?((?:\d{1,5}[wdhm])+)", re.ASCII)
_PART = re.compile(r"(\d+)([wdhm])", re.ASCII)


class UnreadableOffset(ValueError):
    """The text says no time that the test clock can be ahead; the message says how to write one."""


def parse(text: str) -> timedelta:
    """Return how far ahead a text such as '+30d' says; 'off' is not at all.

    Weeks, days, hours and minutes; forward only. Raises UnreadableOffset.
    """
    wanted = text.strip().lower()
    if wanted in {OFF, "", "0"}:
        return timedelta()
    found = _FORM.fullmatch(wanted)
    if found is None:
        raise UnreadableOffset(f"This is no time ahead. {HOW}")
    ahead = sum((int(count) * _UNITS[unit] for count, unit in _PART.findall(found[1])), timedelta())
    if ahead > LONGEST:
        raise UnreadableOffset(f"The clock goes at most {LONGEST.days} days ahead.")
    return ahead


def write(ahead: timedelta) -> str:
    """Return the text that `parse` reads as this: '+1d12h', or 'off'."""
    parts = ""
    for unit in ("d", "h", "m"):
        count, ahead = divmod(ahead, _UNITS[unit])
        parts += f"{count}{unit}" if count else ""
    return f"+{parts}" if parts else OFF


def tell(ahead: timedelta) -> str:
    """Return how far ahead in words: '30 days', '1 day and 12 hours'."""
    said = []
    for unit, name in (("d", "day"), ("h", "hour"), ("m", "minute")):
        count, ahead = divmod(ahead, _UNITS[unit])
        if count:
            said.append(f"{count} {name}{'' if count == 1 else 's'}")
    return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said) or "nothing"
