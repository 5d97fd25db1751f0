"""What `make check` asks of the packages, without asking anybody outside.

- The locks name one version of each package, and the hashes of its files: pip takes nothing
  else. What is used at run time is the same in both.
- The locks have what pyproject.toml asks for, in a version that it allows.
- What is installed here is what the locks say, and no package lacks one that it needs.

Whether a version is known to be vulnerable cannot be said offline: `.ci/advisories.py` asks.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {name: ROOT / "requirements" / f"{name}.txt" for name in ("main", "dev")}
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def read(lock: Path) -> dict[str, tuple[Requirement, int]]:
    """Return each package of a lock by its name, with how many hashes it has."""
    found = {}
    for line in lock.read_text().replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            requirement = Requirement(line.partition(" --hash")[0].strip())
            found[canonicalize_name(requirement.name)] = (requirement, len(HASH.findall(line)))
    return {str(name): entry for name, entry in found.items()}


def version_of(requirement: Requirement) -> str:
    """Return the one version that a lock pins; empty if it pins none."""
    pins = [one.version for one in requirement.specifier if one.operator == "=="]
    return pins[0] if len(pins) == 1 == len(requirement.specifier) else ""


def problems() -> Iterator[str]:
    """Yield what is wrong."""
    locks = {name: read(path) for name, path in LOCKS.items()}
    for lock, packages in locks.items():
        for name, (requirement, hashes) in packages.items():
            if not version_of(requirement):
                yield f"{lock}.txt: {name} has no single version"
            if not hashes:
                yield f"{lock}.txt: {name} has no hash"
            if requirement.url:
                yield f"{lock}.txt: {name} comes from an address"
    for name, (requirement, _) in locks["main"].items():
        other = locks["dev"].get(name)
        if other is None or version_of(other[0]) != version_of(requirement):
            yield f"{name} is not the same in main.txt and dev.txt"
    yield from _unlocked(locks)
    yield from _not_as_installed(locks["dev"])
    check = [sys.executable, "-m", "pip", "check", "--disable-pip-version-check"]
    done = subprocess.run(check, text=True, capture_output=True, check=False)
    if done.returncode:
        yield from done.stdout.splitlines()


def _unlocked(locks: dict[str, dict[str, tuple[Requirement, int]]]) -> Iterator[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = {"main": project["project"]["dependencies"], "dev": project["dependency-groups"]["dev"]}
    for lock, texts in asked.items():
        for wanted in map(Requirement, texts):
            entry = locks[lock].get(canonicalize_name(wanted.name))
            if entry is None or version_of(entry[0]) not in wanted.specifier:
                yield f"{lock}.txt does not have {wanted} of pyproject.toml; run `make lock`"


def _not_as_installed(lock: dict[str, tuple[Requirement, int]]) -> Iterator[str]:
    for name, (requirement, _) in lock.items():
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed = "nothing"
        if installed != version_of(requirement):
            yield f"{name}: {installed} is installed, not {version_of(requirement)}"


def main() -> int:
    """Print what is wrong. Returns how much, which is 0 if all is well."""
    found = list(problems())
    for problem in found:
        print(problem)
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
