"""Forms of the promotion's pages: the shape of what comes in, no more."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

MOST_FILES = 100


class SeveralFilesInput(forms.ClearableFileInput):
    """A file field in which one can choose several files."""

    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """One or more files."""

    widget = SeveralFilesInput(attrs={"accept": ".json,application/json", "data-plain-file": True})

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        """Return the files. Raises ValidationError for none, an empty one, or too many."""
        files: Sequence[Any] = data if isinstance(data, list | tuple) and data else [data or None]
        if len(files) > MOST_FILES:
            raise forms.ValidationError(
                f"These are {len(files)} files. Upload at most {MOST_FILES} at once."
            )
        return [super(SeveralFilesField, self).clean(file, initial) for file in files]


class UploadForm(forms.Form):
    """The signed extracts to be taken in."""

    extracts = SeveralFilesField(
        label="Extracts",
        help_text="The files as the UIT portal gave them: signed JSON, one a company. "
        "You can choose several.",
        error_messages={
            "required": "Choose the file of an extract.",
            "empty": "This file is empty. Download the extract again in UIT.",
        },
    )


class InvitationForm(forms.Form):
    """Whom to invite as Primary User Admin."""

    first_name = forms.CharField(label="First Name", max_length=100)
    last_name = forms.CharField(label="Last Name", max_length=100)
    email = forms.EmailField(
        label="Email Address",
        help_text="It must be of one of the company's whitelisted domains.",
    )


class ReplacementForm(InvitationForm):
    """Whom to invite in the place of a User Admin, who is offboarded then."""

    is_understood = forms.BooleanField(
        label="The present User Admin is offboarded when the invitation is accepted",
        error_messages={"required": "Tick the box if this is what you want."},
    )
