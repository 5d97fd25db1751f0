"""`make bench`: every figure beside its peers, then docs/benchmarks.md written anew.

Takes a PostgreSQL server (DATABASE_URL, else the standard local address) and makes some
databases there, which it drops again. With words (`promotion`, `pages`, `authority`, `api`)
it measures only these, and writes nothing.
"""

import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench import ROOT, api, authority, machine, pages, promotion
from bench.databases import SERVER, Databases
from bench.figures import Figure
from bench.page import PARTS, lines, page

MEASURES = {
    "promotion": promotion.measure,
    "pages": pages.measure,
    "authority": authority.measure,
    "api": api.measure,
}
PAGE = ROOT / "docs" / "benchmarks.md"


def main(words: list[str]) -> int:
    """Measure all parts, or those of the words. Returns 0, or 2 for a word that is none."""
    if unknown := set(words) - MEASURES.keys():
        print(f"There is no part {', '.join(sorted(unknown))}: {', '.join(MEASURES)}.")
        return 2
    described = machine.describe(
        server=SERVER, redis_url=os.environ.get("REDIS_URL", ""), now=datetime.now(UTC)
    )
    print("\n".join(f"{what:24} {it}" for what, it in described.items()), flush=True)
    figures: dict[str, list[Figure]] = {}
    with tempfile.TemporaryDirectory() as folder:
        databases = Databases(Path(folder))
        try:
            databases.create()
            for part in PARTS:
                if not words or part.word in words:
                    figures[part.word] = MEASURES[part.word](databases)
                    print(f"\n{lines(part, figures[part.word])}", flush=True)
        finally:
            databases.drop()
    if not words:
        PAGE.write_text(page(described, figures), encoding="utf-8")
        print(f"\nWritten to {PAGE.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
