"""A table of members: pasted, or as a file."""

from typing import Any

from django import forms

from organisations.member_table import MOST_BYTES, Line, UnableToReadTable, decode, read_table


class MemberTableForm(forms.Form):
    """One of the two; `lines` are the people in it once the form is valid."""

    text = forms.CharField(
        label="Paste the table",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "autocomplete": "off"}),
        help_text="From a spreadsheet or a CSV file, with the row of headings.",
    )
    file = forms.FileField(
        label="or choose a CSV file",
        required=False,
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
        help_text="UTF-8, divided by commas or semicolons; at most 1 MiB and 5,000 rows.",
    )
    lines: list[Line]
    table: str = ""

    def clean(self) -> None:
        """Read the table; what makes no sense stands beside the field it came by."""
        if self.errors:
            return
        text, file = self.cleaned_data["text"], self.cleaned_data["file"]
        if file and text.strip():
            self.add_error("file", "Paste a table or choose a file, not both.")
            return
        if not file and not text.strip():
            self.add_error("text", "Paste a table, or choose a file.")
            return
        try:
            self.table = self._read(file) if file else text
            self.lines = read_table(self.table)
        except UnableToReadTable as error:
            self.add_error("file" if file else "text", str(error))

    def _read(self, file: Any) -> str:
        if file.size > MOST_BYTES:
            raise UnableToReadTable("This is more than 1 MiB: divide it into several tables.")
        return decode(file.read())
