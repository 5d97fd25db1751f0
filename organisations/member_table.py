"""People in a table: pasted from a spreadsheet, or a CSV file as spreadsheets write one.

Knows no database: it says what a table contains, line by line, and what of it makes no sense.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dip_portal.lib.spreadsheet import FORMULA
from organisations.roles import Role

MOST_BYTES = 1024 * 1024
MOST_ROWS = 5_000
DELIMITERS = (",", ";", "\t")
HEADINGS = ("First Name", "Last Name", "Email Address", "Roles", "DIP IDs")
# What else a heading may be called, in letters alone.
ALIASES = {
    "emailid": "emailaddress",
    "email": "emailaddress",
    "role": "roles",
    "organisationrole": "roles",
    "organisationroles": "roles",
    "dipid": "dipids",
}
ALL = "ALL"
ROLE_NAMES = {
    **{re.sub("[^a-z]", "", role.lower()): role for role in Role},
    "certadmin": Role.CERTIFICATE_ADMIN,
}
ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)
TEMPLATE_ROWS = (
    HEADINGS,
    ("Robin", "Baker", "robin.baker@your-domain.example", "MP Certificate Admin", ALL),
    (
        "Sam",
        "Doe",
        "sam.doe@your-domain.example",
        "MP Message Admin; MP Analytics Reader",
        "2312345678; 1212345678",
    ),
)


class UnableToReadTable(Exception):
    """The table as a whole makes no sense; the message says where, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One person of a table, on the line where their row begins (the first line is 1).

    `dip_ids` is None for a member of all. `problem` says what makes no sense, if anything.
    """

    number: int
    first_name: str
    last_name: str
    email: str
    roles: frozenset[Role] = frozenset()
    dip_ids: tuple[str, ...] | None = None
    problem: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def role_labels(self) -> list[str]:
        return [str(role.label) for role in Role if role in self.roles]


def decode(data: bytes) -> str:
    """Return the text of a file in UTF-8, with or without a mark at its start.

    Raises UnableToReadTable.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnableToReadTable(
            "This file is in UTF-16. Save it as “CSV UTF-8” in your spreadsheet program."
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnableToReadTable(
            "This file is not in UTF-8. Save it as “CSV UTF-8” in your spreadsheet program."
        ) from error


def read_table(text: str) -> list[Line]:
    """Return the people of a table, in its order; empty rows are left out.

    Cells are divided by commas, semicolons or tabs, whichever the headings are. Raises
    UnableToReadTable.
    """
    text = re.sub("\r\n?", "\n", text.removeprefix("\ufeff"))
    if "\x00" in text:
        raise UnableToReadTable("This is no text: save the table as CSV.")
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise UnableToReadTable("This is more than 1 MiB: divide it into several tables.")
    rows = _rows(text)
    try:
        headings = next(rows)[1]
    except StopIteration:
        raise UnableToReadTable("There is nothing in this table.") from None
    places = _places(headings)
    lines: list[Line] = []
    for number, cells in rows:
        if len(lines) == MOST_ROWS:
            raise UnableToReadTable(
                f"These are more than {MOST_ROWS:,} rows: divide them into several tables."
            )
        lines.append(_line(number, cells, places, width=len(headings)))
    if not lines:
        raise UnableToReadTable("There are headings in this table, and no rows.")
    return lines


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the line it begins on."""
    skipped = 0
    first, _, rest = text.partition("\n")
    delimiter = ""
    if declared := re.fullmatch(r'"?sep=(.)"?', first.strip(), re.IGNORECASE):
        delimiter, text, skipped = declared[1], rest, 1  # as a spreadsheet may begin its files
    if not delimiter:
        heading = next((line for line in text.split("\n") if line.strip()), "")
        delimiter = max(DELIMITERS, key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            values = [_value(cell) for cell in cells]
            if any(values):
                yield begins + skipped, values
            begins = reader.line_num + 1
    except csv.Error as error:
        raise UnableToReadTable(
            f"Line {begins + skipped} cannot be read: a quotation mark is not closed, or stands "
            "within a cell, or the cell is too long."
        ) from error


def _value(cell: str) -> str:
    value = cell.replace("\xa0", " ").strip()
    # Our own exports put a mark before what a spreadsheet would take for a formula.
    return value[1:] if value.startswith(tuple(f"'{sign}" for sign in FORMULA)) else value


def _places(headings: Sequence[str]) -> dict[str, int]:
    """Return in which column each of HEADINGS stands; further columns are left alone."""
    wanted = {_letters(heading): heading for heading in HEADINGS}
    places: dict[str, int] = {}
    for place, heading in enumerate(headings):
        letters = _letters(heading)
        name = wanted.get(ALIASES.get(letters, letters))
        if name in places:
            raise UnableToReadTable(f"The column {name} is there twice.")
        if name:
            places[name] = place
    missing = [heading for heading in HEADINGS if heading not in places]
    if missing:
        raise UnableToReadTable(
            f"The first row has to name the columns; not found: {', '.join(missing)}."
        )
    return places


def _letters(text: str) -> str:
    return re.sub("[^a-z]", "", text.lower())


def _line(number: int, cells: list[str], places: dict[str, int], *, width: int) -> Line:
    values = {
        heading: cells[place] if place < len(cells) else "" for heading, place in places.items()
    }
    roles, role_problem = _roles(values["Roles"])
    dip_ids, dip_id_problem = _dip_ids(values["DIP IDs"])
    too_wide = (
        f"This row has {len(cells)} cells, and there are {width} headings."
        if any(cells[width:])
        else ""
    )
    return Line(
        number=number,
        first_name=values["First Name"],
        last_name=values["Last Name"],
        email=values["Email Address"],
        roles=roles,
        dip_ids=dip_ids,
        problem=too_wide or role_problem or dip_id_problem,
    )


def _roles(text: str) -> tuple[frozenset[Role], str]:
    found = set()
    for part in _parts(text, "[;,|/\n\t]+"):
        role = ROLE_NAMES.get(_letters(part).removeprefix("mp"))
        if role is None:
            names = ", ".join(str(role.label) for role in Role)
            return frozenset(), f"“{part}” is no role. These are: {names}."
        found.add(role)
    return frozenset(found), "" if found else "Name at least one organisation role."


def _dip_ids(text: str) -> tuple[tuple[str, ...] | None, str]:
    parts = [re.sub(r"\.0+$", "", part) for part in _parts(text, r"[;,|/\s]+")]
    if not parts:
        return (), f"Write {ALL}, or the DIP IDs."
    if ALL in [part.upper() for part in parts]:
        return None, "" if len(parts) == 1 else f"Write {ALL} or DIP IDs, not both."
    if ROUNDED.fullmatch(text):
        return (), f"“{text}”: the spreadsheet has rounded the DIP ID. Format the column as text."
    wrong = next((part for part in parts if not re.fullmatch("[0-9]{10}", part)), "")
    return tuple(dict.fromkeys(parts)), f"“{wrong}” is no DIP ID: that is ten digits." * bool(wrong)


def _parts(text: str, dividers: str) -> list[str]:
    return [part.strip() for part in re.split(dividers, text) if part.strip()]
