"""Where the client's settings come from: a TOML file, and the environment above it."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

DEFAULT_FILE = "dip-client.toml"
VARIABLES = {
    "api_url": "DIP_API_URL",
    "dip_id": "DIP_ID",
    "api_key": "DIP_API_KEY",
    "certificate": "DIP_CERT",
    "key": "DIP_KEY",
    "signing_certificate": "DIP_SIGNING_CERT",
    "signing_key": "DIP_SIGNING_KEY",
    "ca": "DIP_CA",
}
EXAMPLE = """# Paths are from this file's folder. An environment variable comes before its line.
api_url = "https://localhost:8441"    # DIP_API_URL
dip_id = "1494431682"                 # DIP_ID
# api_key_file = "api-key.txt"        # or DIP_API_KEY; the key itself may stand here as api_key
certificate = "dip.cer.pem"           # DIP_CERT: for mTLS
key = "dip.key.pem"                   # DIP_KEY
# signing_certificate = "sign.cer.pem"  # DIP_SIGNING_CERT: if it is another one
# signing_key = "sign.key.pem"          # DIP_SIGNING_KEY
# ca = "ca.pem"                       # DIP_CA: who vouches for the API's own certificate
"""


class ClientError(Exception):
    """Something of the user's is not as it has to be; the text says what, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What a call needs. Files are paths; an empty text is what nobody has set."""

    api_url: str = ""
    dip_id: str = ""
    api_key: str = ""
    certificate: str = ""
    key: str = ""
    signing_certificate: str = ""
    signing_key: str = ""
    ca: str = ""

    def need(self, *names: str) -> None:
        """Pass if all of these are set. Raises ClientError, which names what is missing."""
        for name in names:
            if not getattr(self, name):
                raise ClientError(
                    f"{name} is not set: write it into {DEFAULT_FILE} (or the file that --config "
                    f"names), or set {VARIABLES[name]}. `dip-client example-config` shows one."
                )


def read(path: str | None, environment: Mapping[str, str] = os.environ) -> Configuration:
    """Return the configuration: of this file, else of dip-client.toml here if there is one."""
    file = Path(path or DEFAULT_FILE)
    said: dict[str, Any] = {}
    if path or file.exists():
        said = _toml(file)
    if key_file := said.pop("api_key_file", ""):
        said["api_key"] = _text(file.parent / key_file)
    known = {field.name for field in fields(Configuration)}
    if unknown := said.keys() - known:
        raise ClientError(
            f"{file} has {', '.join(sorted(unknown))}, which is no setting. There are "
            f"{', '.join(sorted(known | {'api_key_file'}))}."
        )
    for name, value in said.items():
        if not isinstance(value, str):
            raise ClientError(f"{name} in {file} has to be a text in quotation marks.")
    for name in ("certificate", "key", "signing_certificate", "signing_key", "ca"):
        if said.get(name):
            said[name] = str(file.parent / said[name])
    said |= {name: environment[it] for name, it in VARIABLES.items() if environment.get(it)}
    made = Configuration(**said)
    if made.api_url and not made.api_url.startswith("https://"):
        raise ClientError(f"api_url is {made.api_url}: the API is called by https:// alone.")
    return made


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(file))
    except tomllib.TOMLDecodeError as error:
        raise ClientError(f"{file} is not TOML: {error}.") from error


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ClientError(f"{file} cannot be read: {error}.") from error
