"""What `make run` does: both portals and Atlas on this machine, and one promotion to look at.

Needs no server: each deployment has its own SQLite database, file broker, secrets and
mails under var/<environment>. Ctrl-C stops everything.
"""

import datetime
import itertools
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from deploy.make_certificate import AUTHORITY_FILE, make_certificate
from deploy.participant import Participant
from deploy.processes import ChildFailed, Processes, Stopped

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
HEALTHY_WITHIN_SECONDS = 60
LOG_BYTES_KEPT = 5_000_000
# What the certificate of the TLS ports is for.
GATEWAY_NAMES = ("localhost", "127.0.0.1")

# Settings of another deployment (a compose file, a developer's shell) that must not leak
# into the embedded one: they would give all deployments the same database or key.
NOT_INHERITED = (
    "ALLOWED_HOSTS",
    "ATLAS_DNS_SERVER",
    "ATLAS_SITE_URL",
    "DATABASE_URL",
    "DEBUG",
    "DEFAULT_FROM_EMAIL",
    "DIP_API_URL",
    "DIP_AUTHORITY_DIR",
    "DIP_BEHIND_GATEWAY",
    "DIP_CATCHER_URL",
    "DIP_SECRETS_DIR",
    "DIP_SHOW_SENT_MAIL",
    "DIP_SIGNING_KEY_FILE",
    "DJANGO_SETTINGS_MODULE",
    "EMAIL_URL",
    "ENCRYPTION_KEYS",
    "HVCA_CA_FILE",
    "HVCA_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "UIT_SERVICE_URL",
    "WEB_CONCURRENCY",
)


CATCHER = "webhook catcher"
# Who is shown in the greeting; `make sign-ins` shows all.
GREETED = ("dana.okafor@dip.example", "marcus.bell@brightwater-energy.example")
TUTORIAL = "docs/tutorial.md"


class UnableToRun(Exception):
    """Something about this machine is in the way; the text says what to do."""


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A further process of a deployment that listens: its words and its port.

    `scheme` is that of its URL, if it has one.
    """

    name: str
    words: tuple[str, ...]
    port: int
    port_variable: str
    scheme: str = ""

    @property
    def address(self) -> str:
        host = f"{self.scheme}://localhost" if self.scheme else "127.0.0.1"
        return f"{host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A portal or Atlas: where it listens, how it is prepared, the folder that is all it has.

    `preparation` are the manage.py commands that bring it up to date, `sign_ins` is the one
    that shows who signs in, `listeners` what it starts besides web and worker, `settings`
    are variables of its own.
    """

    name: str
    label: str
    port: int
    port_variable: str
    home: Path
    preparation: tuple[str, ...]
    sign_ins: str
    listeners: tuple[Listener, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def ports(self) -> list[tuple[int, str, str]]:
        """Where it listens: port, the variable that sets it, and for what."""
        return [
            (self.port, self.port_variable, self.label),
            *((it.port, it.port_variable, f"{self.label} {it.name}") for it in self.listeners),
        ]

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def log(self, name: str) -> Path:
        return self.home / "logs" / f"{name}.log"


def deployments(environment: Mapping[str, str]) -> tuple[Deployment, Deployment, Deployment]:
    """Return UIT, Production and Atlas as the variables want them.

    DIP_UIT_PORT (8001), DIP_PRODUCTION_PORT (8002), DIP_ATLAS_PORT (8003), those of their APIs
    by TLS, DIP_UIT_API_PORT (8441), DIP_PRODUCTION_API_PORT (8442), DIP_ATLAS_API_PORT (8443),
    DIP_ATLAS_DNS_PORT (8053), DIP_CATCHER_PORT (8444), DIP_VAR (the folder of everything they
    keep, `var`). Raises UnableToRun for a port that is none, or is wanted twice.
    """
    var = Path(environment.get("DIP_VAR") or ROOT / "var").resolve()
    gateway = var / "gateway"

    def port(variable: str, default: str) -> int:
        text = environment.get(variable) or default
        if not (text.isdecimal() and 1 <= int(text) <= 65535):
            raise UnableToRun(f"{variable} is {text!r}; it must be a port number, 1 to 65535.")
        return int(text)

    def tls(name: str, variable: str, default: str, *more: str) -> Listener:
        number = port(variable, default)
        return Listener(
            name=name,
            words=(
                *("-m", "gunicorn", "--config", "python:deploy.gunicorn_tls_conf"),
                *("--workers", "1", "--bind", f"127.0.0.1:{number}"),
                *("--certfile", str(gateway / "certificate.pem")),
                *("--keyfile", str(gateway / "key.pem"), *more),
            ),
            port=number,
            port_variable=variable,
            scheme="https",
        )

    def api(variable: str, default: str) -> Listener:
        return tls("API", variable, default)

    atlas_api = api("DIP_ATLAS_API_PORT", "8443")
    atlas_port = port("DIP_ATLAS_PORT", "8003")
    dns_port = port("DIP_ATLAS_DNS_PORT", "8053")
    # It stands outside the DIP as Atlas does, and needs nothing of it but one process.
    catcher = tls(
        *(CATCHER, "DIP_CATCHER_PORT", "8444", "--threads", "16"),
        *("--env", f"CATCHER_FOLDER={var / 'catcher'}", "catcher.wsgi:application"),
    )

    def portal(name: str, label: str, variable: str, default: str, own_api: Listener) -> Deployment:
        return Deployment(
            name=name,
            label=label,
            port=port(variable, default),
            port_variable=variable,
            home=var / name,
            preparation=("publish_key", "request_own_certificate", "load_demonstration"),
            sign_ins="show_sign_ins",
            listeners=(own_api,),
            settings={
                "DIP_API_URL": own_api.address,
                "HVCA_URL": atlas_api.address,
                "ATLAS_SITE_URL": f"http://localhost:{atlas_port}",
                "ATLAS_DNS_SERVER": f"127.0.0.1:{dns_port}",
                "HVCA_CA_FILE": str(gateway / AUTHORITY_FILE),
                "DIP_CATCHER_URL": catcher.address,
                # The webhook catcher, and what else testers run here, are on this machine.
                "DIP_WEBHOOK_NETWORKS": environment.get("DIP_WEBHOOK_NETWORKS")
                or "127.0.0.0/8,::1/128",
                "DIP_WEBHOOK_CA_FILE": str(gateway / AUTHORITY_FILE),
            },
        )

    uit = portal("uit", "UIT", "DIP_UIT_PORT", "8001", api("DIP_UIT_API_PORT", "8441"))
    production = portal(
        *("production", "Production", "DIP_PRODUCTION_PORT", "8002"),
        api("DIP_PRODUCTION_API_PORT", "8442"),
    )
    atlas = Deployment(
        name="atlas",
        label="Atlas",
        port=atlas_port,
        port_variable="DIP_ATLAS_PORT",
        home=var / "atlas",
        preparation=("prepare_atlas",),
        sign_ins="show_atlas_sign_ins",
        listeners=(
            atlas_api,
            catcher,
            Listener(
                name="DNS",
                words=(str(ROOT / "manage.py"), "serve_dns"),
                port=dns_port,
                port_variable="DIP_ATLAS_DNS_PORT",
            ),
        ),
        settings={
            "ATLAS_DNS_LISTEN": f"127.0.0.1:{dns_port}",
            "ATLAS_DNS_RESOLVER": f"127.0.0.1:{dns_port}",
        },
    )
    ports = [where for deployment in (uit, production, atlas) for where in deployment.ports]
    for one, other in itertools.combinations(ports, 2):
        if one[0] == other[0]:
            raise UnableToRun(
                f"{one[2]} and {other[2]} cannot share port {one[0]}: "
                f"give {one[1]} and {other[1]} different numbers."
            )
    return uit, production, atlas


def require_free_ports(deployment: Deployment) -> None:
    """Raise UnableToRun if something listens where this deployment is to listen."""
    for number, variable, what in deployment.ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", number))
            except OSError as error:
                raise UnableToRun(
                    f"Port {number} for {what} cannot be used ({error.strerror}).\n"
                    "Is `make run` on already? If not, choose another port:  "
                    f"{variable}={number + 100} make run"
                ) from None


class Run:
    """One `make run`: prepare, start, demonstrate, stay. Without `atlas` only the portals."""

    def __init__(
        self, *, uit: Deployment, production: Deployment, atlas: Deployment | None = None
    ) -> None:
        self.uit = uit
        self.production = production
        self.both = (uit, production)
        self.atlas = atlas
        self.all = (uit, production, atlas) if atlas else self.both
        self.processes = Processes(say=say)

    @property
    def gateway(self) -> Path:
        """The folder of the certificate by which the TLS ports are known, and of its authority."""
        return self.uit.home.parent / "gateway"

    def environment(self, deployment: Deployment) -> dict[str, str]:
        """Return the variables with which every process of this deployment runs."""
        inherited = {name: text for name, text in os.environ.items() if name not in NOT_INHERITED}
        var = deployment.home.parent
        own = {
            "DIP_ENVIRONMENT": deployment.name,
            "DIP_HOME": str(deployment.home),
            "DIP_PUBLIC_URL": deployment.address,
            "DIP_TRUSTED_KEYS_DIR": str(var / "trusted-keys"),
            "DIP_AUTHORITY_DIR": str(var / "trusted-keys"),
            "STATIC_ROOT": str(var / "staticfiles"),
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(ROOT),
        }
        if deployment is self.production:
            own["UIT_SERVICE_URL"] = self.uit.address
        return inherited | own | dict(deployment.settings)

    def prepare(self) -> None:
        """Bring all databases, keys, demonstration data and the static files up to date."""
        names = ", ".join(deployment.label for deployment in self.all)
        say(f"Preparing {names} (databases, keys, demonstration data) ...")
        make_certificate(
            self.gateway, GATEWAY_NAMES, trust=self.gateway, now=datetime.datetime.now(datetime.UTC)
        )
        with ThreadPoolExecutor() as threads:
            static = threads.submit(self.manage, self.uit, "collectstatic", "--noinput")
            prepared = [threads.submit(self._prepare, deployment) for deployment in self.all]
            for future in (static, *prepared):
                future.result()

    def _prepare(self, deployment: Deployment) -> None:
        for log in deployment.home.glob("logs/*.log"):
            if log.stat().st_size > LOG_BYTES_KEPT:
                log.replace(log.with_suffix(".log.old"))
        self.manage(deployment, "migrate", "--noinput")
        self.manage(deployment, "check_secrets")
        for command in deployment.preparation:
            self.manage(deployment, command)

    def start(self) -> None:
        """Start web and worker of each, and wait until they answer."""
        say("Starting web and worker of each ...")
        for deployment in self.all:
            common = {"environment": self.environment(deployment)}
            self.processes.start(
                name=f"{deployment.label} web",
                command=[
                    *(PYTHON, "-m", "gunicorn", "--config", "python:deploy.gunicorn_conf"),
                    *("--workers", "1", "--bind", f"127.0.0.1:{deployment.port}"),
                ],
                log=deployment.log("web"),
                **common,
            )
            self.processes.start(
                name=f"{deployment.label} worker",
                command=[
                    *(PYTHON, "-m", "celery", "-A", "dip_portal", "worker", "--beat"),
                    *("--concurrency", "1", "--loglevel", "INFO"),
                    *("--without-gossip", "--without-mingle", "--hostname", deployment.name),
                ],
                log=deployment.log("worker"),
                **common,
            )
            for listener in deployment.listeners:
                self.processes.start(
                    name=f"{deployment.label} {listener.name}",
                    command=[PYTHON, *listener.words],
                    log=deployment.log(listener.name.lower().replace(" ", "-")),
                    **common,
                )
        for deployment in self.all:
            self._wait_until_healthy(deployment)

    def _wait_until_healthy(self, deployment: Deployment) -> None:
        deadline = time.monotonic() + HEALTHY_WITHIN_SECONDS
        while not (
            _answers(f"http://127.0.0.1:{deployment.port}/health/")
            and all(_listens(listener.port) for listener in deployment.listeners)
        ):
            self.processes.check()
            if time.monotonic() > deadline:
                raise ChildFailed(
                    f"{deployment.label} does not answer after {HEALTHY_WITHIN_SECONDS} seconds; "
                    f"see {deployment.log('web')}."
                )
            self.processes.pause(0.2)

    def demonstrate(self) -> None:
        """Carry one company from UIT to Production, showing what happens.

        A step that fails leaves the portals up: they are where to look for the reason.
        """
        say("\nOne company, from UIT to Production:")
        try:
            for deployment, step in (
                (self.uit, "extract"),
                (self.production, "import"),
                (self.production, "invite"),
            ):
                self.manage(deployment, "demonstrate_promotion", "--step", step, show=True)
            if self.participant is not None:
                say("\nIts certificates and its first signed call, in UIT:")
                self.participant.rehearse(self.catcher.address)
        except ChildFailed as failure:
            say(f"\nThe demonstration did not finish. {failure}")

    @property
    def participant(self) -> Participant | None:
        """The company that obtains certificates and calls the API; nobody does without Atlas."""
        if self.atlas is None:
            return None
        return Participant(
            run=self, uit=self.uit, atlas=self.atlas, ca=self.gateway / AUTHORITY_FILE
        )

    @property
    def catcher(self) -> Listener:
        """The webhook catcher."""
        assert self.atlas is not None
        return next(it for it in self.atlas.listeners if it.name == CATCHER)

    def show_sign_ins(self) -> None:
        """Print the addresses and the demonstration sign-ins. Raises UnableToRun before a run."""
        for deployment in self.all:
            if not (deployment.home / "portal.sqlite3").exists():
                raise UnableToRun(f"{deployment.home} has no portal yet: `make run` sets it up.")
            say(f"\n{deployment.label}: {deployment.address}/")
            for listener in deployment.listeners:
                say(f"  {listener.name} at {listener.address}")
            self._show_people(deployment, deployment.sign_ins)

    def show_the_way(self) -> None:
        """Greet a newcomer: what was done, where to look, what to try next."""
        say("\nAll is running. Ctrl-C stops it.\n\nWHERE TO LOOK")
        for deployment in self.both:
            api = deployment.listeners[0].address
            say(f"{deployment.label}: {deployment.address}/ (its API: {api})")
            self._show_people(deployment, "show_sign_ins", *GREETED)
        say(f"Sent mails: {self.production.address}/admin/mail/outgoingmail/sent/")
        if self.atlas is not None:
            api = self.atlas.listeners[0].address
            say(f"Atlas, for certificates: {self.atlas.address}/ (its API: {api})")
            say(f"Webhook catcher: {self.catcher.address}/")
        say(
            "\nWHAT TO TRY NEXT\n"
            f"{TUTORIAL}: ten minutes, from the PAB's approval to a signed call.\n"
            "make sign-ins: everybody, and the codes of now; they change each half minute.\n"
            "make code SECRET=...: an authenticator app, for people whom you create."
        )
        participant = self.participant
        if participant is not None and participant.configuration.exists():
            say("A signed call of UIT's API, ready to paste:")
            say(participant.ready_call(self.catcher.address))
        say(f"\nThe APIs are served by TLS; trust {self.gateway / AUTHORITY_FILE}.")
        say(f"Logs are in {self.uit.home.parent}/*/logs.")

    def _show_people(self, deployment: Deployment, *words: str) -> None:
        """Show how people sign in; passwords are for the terminal alone, and in no log."""
        self.manage(deployment, *words, show=True, log=Path(os.devnull))

    def become_command(self, words: list[str]) -> NoReturn:
        """Run `uit reset fresh`: a manage.py command of one deployment. Raises UnableToRun."""
        named = {deployment.name: deployment for deployment in self.all}
        deployment = named.get(words[0]) if len(words) > 1 else None
        if deployment is None:
            raise UnableToRun(f"Name {' or '.join(named)}, then the command for manage.py.")
        command = [PYTHON, str(ROOT / "manage.py"), *words[1:]]
        os.execve(PYTHON, command, self.environment(deployment))  # noqa: S606

    def manage(
        self, deployment: Deployment, *words: str, show: bool = False, log: Path | None = None
    ) -> None:
        """Run a manage.py command of this deployment, its output shown or only in its log."""
        command = [PYTHON, str(ROOT / "manage.py"), *words]
        self.command(deployment, words[0], command, show=show, log=log)

    def command(
        self,
        deployment: Deployment,
        name: str,
        command: list[str],
        *,
        show: bool = False,
        more: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        """Run a command with this deployment's variables, and `more` of them.

        What it prints goes into `log`, or into the log of setting up.
        """
        self.processes.run(
            name=f"{deployment.label} {name}",
            command=command,
            environment=self.environment(deployment) | dict(more or {}),
            log=log or deployment.log("setup"),
            on_line=(lambda line: say(f"  {line}")) if show else (lambda line: None),
        )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            return True
    except OSError:
        return False


def say(text: str) -> None:
    """Print a line now, also where the output is a file."""
    print(text, flush=True)


def main(words: list[str]) -> int:
    """Run everything until somebody stops it. Returns 0 then, and 1 if it cannot run.

    With the word `sign-ins` it only prints how to sign in; with `manage` and the name of a
    deployment it runs a manage.py command there in place of itself; with `code` and the secret
    of an authenticator app it prints the code of this half minute.
    """
    try:
        uit, production, atlas = deployments(os.environ)
        run = Run(uit=uit, production=production, atlas=atlas)
        if words[:1] == ["code"]:
            run.become_command([uit.name, "show_code", *words[1:]])
        if words == ["sign-ins"]:
            run.show_sign_ins()
            return 0
        if words[:1] == ["manage"]:
            run.become_command(words[1:])
        for deployment in run.all:
            require_free_ports(deployment)
    except (UnableToRun, ChildFailed) as error:
        print(error, file=sys.stderr)
        return 1
    run.processes.stop_on_signals()
    try:
        run.prepare()
        run.start()
        run.demonstrate()
        run.show_the_way()
        run.processes.watch()
    except Stopped:
        say("\nStopping ...")
        run.processes.stop()
        say("Stopped.")
    except ChildFailed as failure:
        run.processes.stop()
        print(f"\n{failure}\nEverything else has been stopped.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
