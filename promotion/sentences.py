"""How the audit trail puts the promotion into words."""

SENTENCES = {
    "extract:make": "extracted the company setup of",
    "extract:download": "downloaded an extract of",
    "extract:fetch": "fetched an extract of",
    "import:receive": "took in the",
    "import:discard": "discarded the",
    "import:apply": "imported the company setup of",
}
