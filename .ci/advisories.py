"""What `make check` asks the advisory service: is a version in the lock known to be vulnerable?

pip-audit asks. It ends with 1 for a finding as for a network that is down, and with 0 where a
mirror of the index answers that it knows none of the packages; so what it has written is read.
Without an answer the check is left out and says so: the checks have to work without a network.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "main.txt"
TIMEOUT_SECONDS = 5
RUN_SECONDS = 60
LEFT_OUT = "left out: the advisory service does not answer"
NO_NETWORK = ("pip_audit._service.interface.", "requests.exceptions.", "blocking this service")
ASK = [
    *(sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip"),
    *("--progress-spinner", "off", "--format", "json", "--timeout", str(TIMEOUT_SECONDS)),
    *("-r", str(LOCK)),
]


def judge(output: str, errors: str) -> tuple[list[str], str]:
    """Return what pip-audit found, a line each, and what it could not tell; empty if all is told.

    `output` and `errors` are what it wrote. An error that is none of the network's is a finding.
    """
    if not output.strip():
        lines = errors.strip().splitlines() or [""]
        if any(sign in errors for sign in NO_NETWORK):
            return [], LEFT_OUT
        return [f"pip-audit could not do its work: {lines[-1]}"], ""
    packages = json.loads(output)["dependencies"]
    found = [
        f"{package['name']} {package['version']}: {flaw['id']}, mended in "
        f"{', '.join(flaw['fix_versions']) or 'no version'}"
        for package in packages
        for flaw in package.get("vulns", [])
    ]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if not unknown:
        return found, ""
    if len(unknown) == len(packages):
        return found, LEFT_OUT
    return found, f"left out: the advisory service does not know {', '.join(unknown)}"


def main() -> int:
    """Print what is known of the lock's versions. Returns how many are vulnerable."""
    try:
        done = subprocess.run(ASK, text=True, capture_output=True, check=False, timeout=RUN_SECONDS)
    except subprocess.TimeoutExpired:
        print(LEFT_OUT)
        return 0
    found, left_out = judge(done.stdout, done.stderr)
    for line in found:
        print(line)
    if left_out:
        print(left_out)
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
