"""What the promotion's templates share: `{% load promotion %}`."""

from django import template

from promotion.queries import STAGES, Stage

register = template.Library()


@register.filter
def stage_of(code: str) -> Stage:
    """Return the stage of a code."""
    return STAGES[code]
