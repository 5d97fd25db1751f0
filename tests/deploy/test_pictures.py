"""The pictures of the documents: those that they name are there, and no other."""

import re

from tests.deploy.composition import ROOT

PICTURE = re.compile(r"!\[[^]]+\]\(([^)]+[.](?:png|svg))\)")
MOST_BYTES_OF_ALL = 5_000_000


def test_documents_name_the_pictures_that_there_are() -> None:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    named = {
        (document.parent / name).resolve()
        for document in documents
        for name in PICTURE.findall(document.read_text())
    }
    there = set(ROOT.glob("docs/**/*.png"))

    assert named == there
    assert sum(picture.stat().st_size for picture in there) < MOST_BYTES_OF_ALL
