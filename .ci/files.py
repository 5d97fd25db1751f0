"""What `make check` asks of every file of the project: short modules, and nothing of one machine.

A package host named in a file would tie an installation to it; a folder of somebody's
machine would work nowhere else.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_LINES = 600

# Written so that this file does not contain what it looks for.
FORBIDDEN = {
    "names a package host": re.compile(
        r"py(?:pi|thonhosted)[.](?:org|io)|npmjs[.](?:org|com)|deb(?:ian)?[.]org"
        r"|(?:^|\s)--?(?:extra-)?index[-]url|(?:^|\s)--(?:find[-]links|trusted[-]host)",
        re.IGNORECASE | re.MULTILINE,
    ),
    "names a folder of one machine": re.compile(
        r"(?<![\w.~}/-])/(?:root|work|home/\w+|Users/\w+|tmp/w)(?:/|(?=[\s\"'`),:;]))"
    ),
    "has a conflict that was not resolved": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
}


def files() -> Iterator[Path]:
    """Yield the files that are in the repository, and those that are to be added to it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if name and path.is_file():
            yield path


def problems(path: Path) -> Iterator[str]:
    """Yield what is wrong with a file; one that is not text has nothing wrong with it."""
    name = path.relative_to(ROOT)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    lines = text.count("\n")
    if path.suffix == ".py" and lines > MOST_LINES and path.parent.name != "migrations":
        yield f"{name}: {lines} lines, of which {MOST_LINES} are allowed; divide it"
    for what, pattern in FORBIDDEN.items():
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{name}:{line}: {what}: {match[0].strip()!r}"


def main() -> int:
    """Print what is wrong. Returns 1 if anything is."""
    found = [problem for path in files() for problem in problems(path)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
