"""What `make check` does: every rule that needs no running server, in one go.

All checks run even if one fails, so that one look shows everything there is to mend.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
MANAGE = [sys.executable, "manage.py"]

CHECKS: list[tuple[str, list[str]]] = [
    ("format", [str(BIN / "ruff"), "format", "--check", "."]),
    ("lint", [str(BIN / "ruff"), "check", "."]),
    # mypy passes over folders whose name begins with a dot; its cache does not notice that a
    # new model gives older ones a related name.
    (
        "types",
        [
            *(str(BIN / "mypy"), "--no-incremental", "--cache-dir", os.devnull, "."),
            *map(str, sorted((ROOT / ".ci").glob("*.py"))),
        ],
    ),
    ("templates", [str(BIN / "djlint"), "templates", "--lint", "--quiet"]),
    ("files", [sys.executable, ".ci/files.py"]),
    ("packages", [sys.executable, ".ci/dependencies.py"]),
    ("known weaknesses", [sys.executable, ".ci/advisories.py"]),
    ("import layers", [str(BIN / "lint-imports"), "--no-cache"]),
    ("migrations", [*MANAGE, "makemigrations", "--check", "--dry-run"]),
    ("settings of UIT", [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"]),
    ("settings of Production", [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"]),
    ("settings of Atlas", [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"]),
]


def environment(check: str) -> dict[str, str]:
    """Return the variables for a check: those of a deployment behind the gateway for settings."""
    variables = dict(os.environ)
    for variable in ("DATABASE_URL", "REDIS_URL"):
        variables.pop(variable, None)
    if check.startswith("settings of "):
        name = check.removeprefix("settings of ").lower()
        variables |= {
            "DIP_ENVIRONMENT": name,
            "DIP_PUBLIC_URL": f"https://{name}.dip.localhost:8443",
            "DIP_BEHIND_GATEWAY": "true",
            "ALLOWED_HOSTS": f"{name}.dip.localhost",
            "EMAIL_URL": "smtp://localhost:1025",
        }
    return variables


def main() -> int:
    """Run the checks. Returns how many failed, which is 0 if all is well."""
    failed = []
    for name, command in CHECKS:
        started = time.monotonic()
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment(name),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        verdict = "FAILED" if done.returncode else "ok"
        print(f"{name:24} {verdict} ({time.monotonic() - started:.1f} s)", flush=True)
        if done.returncode:
            failed.append(name)
            print(done.stdout, flush=True)
        elif "left out: " in done.stdout:
            print(f"  {done.stdout.strip()}", flush=True)
    if failed:
        print(f"make check: {', '.join(failed)} failed.")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
