"""What templates show of the test controls: `{% load controls %}`."""

from django import template

from controls import state

register = template.Library()


@register.simple_tag
def test_controls_banner() -> list[str]:
    """Return what is not as usual in this environment, a sentence each."""
    return state.sentences()
