"""`make run`: all from nothing, one promotion to look at, and no process left behind."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import pytest

from deploy.run import deployments
from tests.deploy.composition import ROOT
from tests.deploy.ports import free_ports
from tests.deploy.waiting import wait_until
from tests.leaving_out import need_program

RUNNING = "Ctrl-C stops it"
SECONDS = 240
PORTS = (
    *("DIP_UIT_PORT", "DIP_PRODUCTION_PORT", "DIP_ATLAS_PORT", "DIP_ATLAS_DNS_PORT"),
    *("DIP_UIT_API_PORT", "DIP_PRODUCTION_API_PORT", "DIP_ATLAS_API_PORT", "DIP_CATCHER_PORT"),
)


class MakeRun:
    """One `make run` with a folder and ports of its own."""

    def __init__(self, *, var: Path, ports: list[int], log: Path) -> None:
        self.var = var
        self.ports = ports
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deploy.run"],
                cwd=ROOT,
                env=os.environ
                | {
                    "DIP_VAR": str(var),
                    **dict(zip(PORTS, map(str, ports), strict=True)),
                    # A developer's shell may have these; no deployment may take them over.
                    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
                    "REDIS_URL": "redis://127.0.0.1:1/0",
                    "HVCA_URL": "https://127.0.0.1:1",
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def wait_until_running(self) -> str:
        """Return what it has printed when all are up and the sign-ins are shown."""

        def is_up() -> bool:
            assert self.process.poll() is None, self.output
            return RUNNING in self.output and "Logs are in" in self.output

        wait_until(is_up, seconds=SECONDS)
        return self.output

    def press_ctrl_c(self) -> int:
        """Interrupt it as a terminal does, the whole foreground group, and return its code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout=60)

    def left_behind(self) -> list[str]:
        """Return the commands of processes that were started for this folder and still run."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if f"DIP_HOME={self.var}/".encode() in (folder / "environ").read_bytes():
                    found.append((folder / "cmdline").read_text().replace("\0", " "))
            except OSError:  # it has just ended, or is another user's
                continue
        return found


@contextmanager
def make_run(*, var: Path, ports: list[int], log: Path) -> Iterator[MakeRun]:
    run = MakeRun(var=var, ports=ports, log=log)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.press_ctrl_c()


def answers(port: int, *, trusting: Path | None = None) -> bool:
    """Tell whether a port answers: by TLS, if there is an authority to trust."""
    tls = ssl.create_default_context(cafile=str(trusting)) if trusting else None
    url = f"{'https' if tls else 'http'}://localhost:{port}/health/"
    with urllib.request.urlopen(url, timeout=10, context=tls) as response:
        return bool(response.status == 200)


def code_of_refusal(var: Path, port: int, *, showing: str | None) -> str:
    """Return the code with which an API refuses the own certificate of an environment of the DIP.

    It is one of the authority, and none that a company has requested.
    """
    tls = ssl.create_default_context(cafile=str(var / "gateway" / "gateway-ca.pem"))
    if showing is not None:
        chain = var / "trusted-keys" / "platform" / f"{showing}.pem"
        tls.load_cert_chain(chain, var / showing / "secrets" / "platform-key.pem")
    call = f"https://localhost:{port}/dip-channel/PUB-001/pubconfig/2300000001"
    request = urllib.request.Request(call, method="POST", data=b"{}")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10, context=tls)
    return str(json.load(refused.value)["code"])


def sign_ins(var: Path) -> str:
    """Return what `make sign-ins` prints."""
    return subprocess.run(
        [sys.executable, "-m", "deploy.run", "sign-ins"],
        cwd=ROOT,
        env=os.environ | {"DIP_VAR": str(var)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    ).stdout


def ready_call(told: str) -> str:
    """Return the call of the API that is ready to paste."""
    return told.partition("ready to paste:\n")[2].partition("\n\n")[0]


def what_a_shell_says_to(command: str) -> str:
    for program in ("bash", "curl", "openssl"):
        need_program(program)
    return subprocess.run(
        ["bash", "-c", command],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    ).stdout


def test_sign_ins_before_the_first_run_say_what_to_do(tmp_path: Path) -> None:
    assert "`make run` sets it up" in sign_ins(tmp_path / "var")


def test_it_starts_demonstrates_stops_and_starts_again(tmp_path: Path) -> None:
    var, ports = tmp_path / "var", free_ports(len(PORTS))
    with make_run(var=var, ports=ports, log=tmp_path / "first") as run:
        told = run.wait_until_running()

        assert all(answers(port) for port in ports[:3])
        authority = var / "gateway" / "gateway-ca.pem"
        assert all(answers(port, trusting=authority) for port in ports[4:])
        assert str(authority) in told
        for name in ("uit", "production"):
            wait_until((var / "trusted-keys" / "platform" / f"{name}.pem").exists)
        uit_api, production_api = ports[4:6]
        assert code_of_refusal(var, uit_api, showing=None) == "client_certificate_missing"
        assert code_of_refusal(var, uit_api, showing="uit") == "client_certificate_unknown"
        assert code_of_refusal(var, production_api, showing="uit") == "client_certificate_untrusted"
        refusal = dns.query.udp(
            dns.message.make_query("elsewhere.example", "TXT"),
            "127.0.0.1",
            port=ports[3],
            timeout=5,
        )
        assert refusal.rcode() == dns.rcode.REFUSED
        assert "did not finish" not in told
        assert [told.count(step) for step in ("1. Extract", "2. Import", "3. Invite")] == [1, 1, 1]
        assert [told.count(step) for step in ("Step 4.2", "Step 4.5")] == [1, 1]
        assert "201 Created" in what_a_shell_says_to(ready_call(told))
        for port in ports[:3]:
            assert f"http://localhost:{port}/" in told
        for port in ports[4:]:
            assert f"https://localhost:{port}" in told
        assert len(re.findall(r"dana\.okafor@dip\.example +password \S+", told)) == 2
        greeting = told.partition("All is running")[2]
        assert "docs/tutorial.md" in greeting
        assert greeting.count("password") == 3  # the DIP Manager twice, and a participant
        assert "admin/mail/outgoingmail/sent/" in greeting
        assert run.left_behind()
        everybody = sign_ins(var)
        assert everybody.count("dana.okafor@dip.example") == 2
        assert everybody.count("priya.nair@brightwater-energy.example   password") == 2

        assert run.press_ctrl_c() == 0

        assert run.output.endswith("Stopping ...\nStopped.\n")
        assert run.left_behind() == []

    with make_run(var=var, ports=ports, log=tmp_path / "second") as again:
        told = again.wait_until_running()

        assert answers(ports[1])
        assert "did not finish" not in told
        assert "in Production already" in told
        assert "Step 4.5" not in told
        assert "201 Created" in what_a_shell_says_to(ready_call(told))
        assert again.press_ctrl_c() == 0
        assert again.left_behind() == []


def test_interrupted_while_it_prepares_it_leaves_nothing_running(tmp_path: Path) -> None:
    with make_run(var=tmp_path / "var", ports=free_ports(len(PORTS)), log=tmp_path / "log") as run:
        wait_until(run.left_behind)

        assert run.press_ctrl_c() == 0
        assert run.left_behind() == []


def test_the_portals_name_the_dns_server_of_atlas_where_it_listens() -> None:
    *portals, atlas = deployments({"DIP_ATLAS_DNS_PORT": "9053"})

    for portal in portals:
        assert portal.settings["ATLAS_DNS_SERVER"] == atlas.settings["ATLAS_DNS_LISTEN"]
        assert portal.settings["ATLAS_DNS_SERVER"] == "127.0.0.1:9053"


@pytest.mark.parametrize(
    ("taken", "advice"),
    [(number, f"{variable}={{}} make run") for number, variable in enumerate(PORTS)],
    ids=PORTS,
)
def test_a_used_port_is_said_before_anything_starts(
    tmp_path: Path, taken: int, advice: str
) -> None:
    ports = free_ports(len(PORTS))
    with socket.socket() as other:
        other.bind(("127.0.0.1", ports[taken]))
        other.listen()
        with make_run(var=tmp_path / "var", ports=ports, log=tmp_path / "log") as run:
            assert run.process.wait(timeout=30) == 1

    assert f"Port {ports[taken]} for" in run.output
    assert advice.format(ports[taken] + 100) in run.output
    assert not (tmp_path / "var").exists()
