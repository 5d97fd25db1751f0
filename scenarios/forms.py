"""The form of the test controls."""

from datetime import timedelta
from typing import Any

from django import forms

from controls import offsets
from controls.models import MOST_WEBHOOK_DELAY_SECONDS, TestControls


class TestControlsForm(forms.Form):
    """What is not as usual in this environment."""

    __test__ = False  # pytest takes classes of this name for its own

    clock = forms.CharField(
        label="Test clock",
        max_length=40,
        required=False,
        help_text=f"How far it is ahead. {offsets.HOW}",
    )
    mail = forms.ChoiceField(label="Outgoing mail", choices=TestControls.Mail.choices)
    webhook_delay_seconds = forms.IntegerField(
        label="Seconds until a webhook’s test event is sent",
        min_value=0,
        max_value=MOST_WEBHOOK_DELAY_SECONDS,
        help_text=f"0 to {MOST_WEBHOOK_DELAY_SECONDS}",
    )

    @classmethod
    def showing(cls, controls: TestControls) -> "TestControlsForm":
        """Return the form with the controls as they are."""
        return cls(
            initial={
                "clock": offsets.write(controls.clock_ahead),
                "mail": controls.mail,
                "webhook_delay_seconds": controls.webhook_delay_seconds,
            }
        )

    def clean_clock(self) -> timedelta:
        """Return how far ahead the clock is to be."""
        try:
            return offsets.parse(self.cleaned_data["clock"])
        except offsets.UnreadableOffset as error:
            raise forms.ValidationError(str(error)) from error

    @property
    def chosen(self) -> dict[str, Any]:
        """What was chosen, as `set_controls` takes it."""
        said = self.cleaned_data
        return {
            "mail": said["mail"],
            "webhook_delay_seconds": said["webhook_delay_seconds"],
            "clock_ahead": said["clock"],
        }
