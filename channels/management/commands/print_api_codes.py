"""The command `print_api_codes [--write]`: the codes of refused calls, from the code."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from channels.refusals import CODES

BEGIN, END = "<!-- codes: begin -->\n", "<!-- codes: end -->\n"


class Command(BaseCommand):
    """Prints the table of codes as it stands in docs/api.md."""

    help = "Print the codes of the API's refusals in Markdown; with --write, into docs/api.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--write", action="store_true", help="write docs/api.md")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print, or write the table between its marks."""
        if not options["write"]:
            self.stdout.write(table(), ending="")
            return
        page = settings.BASE_DIR / "docs" / "api.md"
        before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        page.write_text(before + BEGIN + table() + END + after, encoding="utf-8")


def table() -> str:
    """Return the codes as a table in Markdown."""
    rows = [
        f"| `{name}` | {int(code.status)} | {code.check} | {code.meaning} |\n"
        for name, code in CODES.items()
    ]
    return "| Code | Status | Check | Meaning |\n| --- | --- | --- | --- |\n" + "".join(rows)
