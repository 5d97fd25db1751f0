"""How long something took, for people: `{% load operating %}`."""

from datetime import timedelta

from django import template

register = template.Library()


@register.filter
def span(seconds: float) -> str:
    """Return a span of time in its two largest units: '3 h 12 min', '4.2 s'."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = timedelta(seconds=int(seconds))
    hours, rest = divmod(whole.seconds, 3600)
    parts = [(whole.days, "d"), (hours, "h"), (rest // 60, "min"), (rest % 60, "s")]
    first = next(place for place, (number, _) in enumerate(parts) if number)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2] if number)
