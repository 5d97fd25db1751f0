"""A table of members as spreadsheets and people write one."""

import pytest

from organisations.member_table import (
    MOST_BYTES,
    MOST_ROWS,
    TEMPLATE_ROWS,
    Line,
    UnableToReadTable,
    decode,
    read_table,
)
from organisations.roles import Role

HEAD = "First Name,Last Name,Email Address,Roles,DIP IDs\n"
ODD_HEAD = "DIP ID,Role,E-mail,last name,FIRST_NAME\n"
BEN = "Ben,Baker,ben@superenergy.example,MP Message Admin,ALL\n"


def one(row: str, head: str = HEAD) -> Line:
    [line] = read_table(head + row)
    return line


def refusal(text: str) -> str:
    with pytest.raises(UnableToReadTable) as refused:
        read_table(text)
    return str(refused.value)


def test_a_row_is_a_person_with_roles_and_dip_ids() -> None:
    line = one(
        "Ben,Baker,ben@superenergy.example,MP User Admin; cert admin,2312345678; 1212345678\n"
    )

    assert line == Line(
        number=2,
        first_name="Ben",
        last_name="Baker",
        email="ben@superenergy.example",
        roles=frozenset({Role.USER_ADMIN, Role.CERTIFICATE_ADMIN}),
        dip_ids=("2312345678", "1212345678"),
    )


@pytest.mark.parametrize(
    "text",
    [
        HEAD + BEN,
        "\ufeff" + HEAD + BEN,
        (HEAD + BEN).replace("\n", "\r\n"),
        (HEAD + BEN).replace("\n", "\r"),
        (HEAD + BEN).replace(",", ";"),
        (HEAD + BEN).replace(",", "\t"),
        "sep=;\n" + (HEAD + BEN).replace(",", ";"),
        "\n\n" + HEAD + ",,,,\n" + BEN + "\n  , ,,,\n",
        (HEAD + BEN).replace("ALL", '"all"').replace("Ben", '" Ben\xa0"'),
        HEAD.upper() + BEN,
        ODD_HEAD + "ALL,message admin,ben@superenergy.example,Baker,Ben\n",
        HEAD.replace("\n", ",Expiry Date,State\n") + BEN.replace("\n", ",2027-01-01,Active\n"),
    ],
)
def test_what_spreadsheets_do_to_a_table_makes_no_difference(text: str) -> None:
    [line] = read_table(text)

    assert (line.first_name, line.last_name, line.email) == (
        "Ben",
        "Baker",
        "ben@superenergy.example",
    )
    assert line.roles == {Role.MESSAGE_ADMIN}
    assert (line.dip_ids, line.problem) == (None, "")


def test_a_file_may_begin_with_a_mark() -> None:
    assert decode("\ufeffa,é".encode()) == "a,é"
    for encoding in ("utf-16", "latin-1"):
        with pytest.raises(UnableToReadTable, match="Save it as “CSV UTF-8”"):
            decode("a,é".encode(encoding))


def test_lines_are_counted_as_an_editor_does() -> None:
    text = HEAD + '\n"Ben\nBob",Baker,ben@superenergy.example,User Admin,ALL\n\n' + BEN

    assert [line.number for line in read_table(text)] == [3, 6]
    assert [line.number for line in read_table("sep=,\n" + text)] == [4, 7]


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ("B,B,b@x.example,Boss,ALL", "“Boss” is no role. These are: MP User Admin"),
        ("B,B,b@x.example,,ALL", "at least one organisation role"),
        ("B,B,b@x.example,User Admin,", "Write ALL, or the DIP IDs."),
        ("B,B,b@x.example,User Admin", "Write ALL, or the DIP IDs."),
        ("B,B,b@x.example,User Admin,ALL 2312345678", "not both"),
        ("B,B,b@x.example,User Admin,2.31E+09", "the spreadsheet has rounded the DIP ID"),
        ('B,B,b@x.example,User Admin,"2,31E+09"', "the spreadsheet has rounded the DIP ID"),
        ("B,B,b@x.example,User Admin,231234567", "“231234567” is no DIP ID"),
        ("B,B,b@x.example,User Admin,٢٣١٢٣٤٥٦٧٨", "is no DIP ID"),
        ("B,B,b@x.example,User Admin,ALL,x", "This row has 6 cells, and there are 5 headings."),
    ],
)
def test_a_row_that_makes_no_sense_says_why(cells: str, says: str) -> None:
    assert says in one(cells).problem


def test_what_a_spreadsheet_made_of_a_number_or_a_formula_is_undone() -> None:
    assert one("B,B,b@x.example,User Admin,2312345678.0").dip_ids == ("2312345678",)
    assert one("'-B,'Hara,b@x.example,User Admin,ALL").first_name == "-B"
    assert one("'-B,'Hara,b@x.example,User Admin,ALL").last_name == "'Hara"
    assert one("B,B,b@x.example,User Admin,2312345678 2312345678").dip_ids == ("2312345678",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "There is nothing in this table."),
        (" \n,,\n", "There is nothing in this table."),
        (HEAD, "no rows"),
        (BEN, "not found: First Name, Last Name, Email Address, Roles, DIP IDs"),
        (HEAD.replace("Roles,", ""), "not found: Roles"),
        (HEAD.replace("Roles", "Email"), "The column Email Address is there twice."),
        (HEAD + 'Ben,"Baker\nx', "Line 2 cannot be read"),
        (HEAD + 'Ben,"Bak"er,x,y,z\n', "Line 2 cannot be read"),
        (HEAD + "Ben," + "x" * 200_000, "Line 2 cannot be read"),
        (HEAD + "\x00", "This is no text"),
        (HEAD + BEN * (MOST_ROWS + 1), "more than 5,000 rows"),
        (HEAD + "é" * (MOST_BYTES // 2), "more than 1 MiB"),
    ],
    ids=range(12),
)
def test_a_table_that_makes_no_sense_says_why(text: str, says: str) -> None:
    assert says in refusal(text)


def test_as_many_rows_as_are_allowed_are_read() -> None:
    assert len(read_table(HEAD + BEN * MOST_ROWS)) == MOST_ROWS


def test_the_template_is_a_table() -> None:
    text = "\n".join(",".join(row) for row in TEMPLATE_ROWS)

    lines = read_table(text)

    assert [line.problem for line in lines] == ["", ""]
    assert lines[1].roles == {Role.MESSAGE_ADMIN, Role.ANALYTICS_READER}
