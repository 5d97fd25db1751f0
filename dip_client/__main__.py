"""The command line: `python -m dip_client COMMAND`. Ends with 0, 1 for a refusal, 2 for misuse."""

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from channels.wire import UrlForm
from dip_client import calling, configuration, files
from dip_client.calling import Answer, Signed
from dip_client.configuration import ClientError, Configuration

PASSWORD = "DIP_PFX_PASSWORD"  # noqa: S105 - the name of a variable


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says. Returns the code to end with."""
    said = _parser().parse_args(words)
    command: Callable[[argparse.Namespace], int] = said.command
    try:
        return command(said)
    except ClientError as error:
        print(f"dip-client: {error}", file=sys.stderr)
        return 2


def keys(said: argparse.Namespace) -> int:
    """Make a key and a CSR."""
    folder = Path(said.folder)
    key, csr = folder / f"{said.name}.key.pem", folder / f"{said.name}.csr.pem"
    files.make_key_and_csr(key_file=key, csr_file=csr, names=said.dns)
    print(f"{key}: the key. It never leaves you.\n{csr}: load this into the DIP.")
    return 0


def show(said: argparse.Namespace) -> int:
    """Show a certificate."""
    print(files.describe(files.read_certificate(said.file)))
    return 0


def merge(said: argparse.Namespace) -> int:
    """Merge certificate and key into a PFX."""
    certificate, key = files.read_certificate(said.certificate), files.read_key(said.key)
    files.require_pair(certificate, key, said.certificate)
    password = os.environ.get(PASSWORD) or getpass.getpass("Password for the PFX: ")
    files.merge_to_pfx(certificate=certificate, key=key, password=password, file=Path(said.output))
    print(f"{said.output}: certificate and key, behind the password.")
    return 0


def sign(said: argparse.Namespace) -> int:
    """Print the headers and the string that is signed, and send nothing."""
    signed = _signed(said, said.method.upper(), said.path, _json(said.body))
    print(f"Signed  {signed.canonical}")
    for name, value in signed.headers.items():
        print(f"{name}: {value}")
    return 0


def configure(said: argparse.Namespace) -> int:
    """Set a webhook."""
    content: dict[str, Any] = {"callbackURL": said.url}
    content |= {"maxMessageCount": said.max_message_count, "maxPayloadSize": said.max_payload_size}
    path = calling.path_of(_configuration(said), said.publication)
    return _send(said, _signed(said, "POST", path, content))


def unconfigure(said: argparse.Namespace) -> int:
    """Remove a webhook."""
    path = calling.path_of(_configuration(said), said.publication)
    return _send(said, _signed(said, "DELETE", path, None))


def read(said: argparse.Namespace) -> int:
    """Read one webhook back, or all."""
    settings = _configuration(said)
    if said.publication:
        path = calling.path_of(settings, said.publication, is_extension=True)
    else:
        settings.need("dip_id")
        path = f"/extensions/config/{settings.dip_id}"
    return _send(said, _signed(said, "GET", path, None))


def example_config(said: argparse.Namespace) -> int:
    """Print a configuration file."""
    print(configuration.EXAMPLE, end="")
    return 0


def _configuration(said: argparse.Namespace) -> Configuration:
    return configuration.read(said.config)


def _signed(said: argparse.Namespace, method: str, path: str, content: Any) -> Signed:
    form = UrlForm.PATH if said.path_form else UrlForm.FULL
    return calling.sign(_configuration(said), method, path, content=content, form=form)


def _send(said: argparse.Namespace, signed: Signed) -> int:
    answer = calling.send(_configuration(said), signed)
    print(_told(answer, signed), file=sys.stdout if answer.is_good else sys.stderr)
    return 0 if answer.is_good else 1


def _told(answer: Answer, signed: Signed) -> str:
    if answer.is_good:
        return json.dumps(answer.body, indent=2) if answer.body is not None else "Done."
    problem = answer.body if isinstance(answer.body, dict) else {}
    return (
        f"The DIP refuses the call: {answer.status} {problem.get('code', '')}\n"
        f"{problem.get('detail', 'It says no more.')}\n"
        f"Signed was     {signed.canonical}\n"
        f"Correlation id {answer.correlation_id}"
    )


def _json(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError as error:
        raise ClientError(f"--body is not JSON: {error}.") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dip-client", description="A client of the DIP's API.")
    parser.add_argument("--config", help=f"configuration file ({configuration.DEFAULT_FILE})")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(command: Callable[[argparse.Namespace], int], name: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=(command.__doc__ or "").rstrip("."))
        added.set_defaults(command=command)
        return added

    one = add(keys, "keys")
    one.add_argument("dns", nargs="+", metavar="DNS-NAME", help="such as dip.superenergy.co.uk")
    one.add_argument("--name", default="dip", help="how the files begin (dip)")
    one.add_argument("--folder", default=".", help="where they go (here)")
    one = add(show, "show")
    one.add_argument("file", help="a certificate, PEM or DER")
    one = add(merge, "merge")
    one.add_argument("certificate")
    one.add_argument("key")
    one.add_argument("output", help="the PFX to write")
    one.epilog = f"The password comes from {PASSWORD}, or is asked for."
    one = add(sign, "sign")
    one.add_argument("method", help="GET, POST or DELETE")
    one.add_argument("path", help="such as /dip-channel/PUB-036/pubconfig/1494431682")
    one.add_argument("--body", help="the body as JSON")
    _by_path(one)
    one = add(configure, "configure")
    one.add_argument("publication", help="PUB-nnn, IF-nnn, REP-nnn, or STATUS")
    one.add_argument("url", help="where to deliver to, by https")
    one.add_argument("--max-message-count", type=int)
    one.add_argument("--max-payload-size", type=int)
    _by_path(one)
    one = add(unconfigure, "unconfigure")
    one.add_argument("publication", help="PUB-nnn, IF-nnn, REP-nnn, or STATUS")
    _by_path(one)
    one = add(read, "read")
    one.add_argument("publication", nargs="?", help="all of them if none is named")
    _by_path(one)
    add(example_config, "example-config")
    return parser


def _by_path(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--path-form", action="store_true", help="sign the path, in place of the full URL"
    )


if __name__ == "__main__":
    sys.exit(main())
