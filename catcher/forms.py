"""The form of the answer, and the filter of the list."""

from django import forms

from catcher.calls import ANSWERS, MOST_CALLS, MOST_DELAY_SECONDS


class AnswerForm(forms.Form):
    """What calls are answered with."""

    status = forms.TypedChoiceField(
        coerce=int, choices=[(code, f"{code} {text}") for code, text in ANSWERS.items()]
    )
    delay_seconds = forms.IntegerField(
        label="Seconds before the answer",
        min_value=0,
        max_value=MOST_DELAY_SECONDS,
        help_text=f"0 to {MOST_DELAY_SECONDS}",
    )
    calls = forms.IntegerField(
        label="For how many calls",
        min_value=0,
        max_value=MOST_CALLS,
        help_text="0 for all; after so many, 201 at once again",
    )


class FilterForm(forms.Form):
    """Which calls are shown."""

    dip_id = forms.CharField(label="DIP ID", required=False, max_length=10)
    publication = forms.CharField(label="Publication", required=False, max_length=20)
    only_bad = forms.BooleanField(label="Only those with a failed check", required=False)
