"""The participant's part of the demonstration: keys and certificates, then the first signed call.

Plays a company's Certificate Admin and Message Admin in UIT from outside: its private keys are
made by dip_client and stay in a folder of the participant's own; Atlas and the portal get CSRs
and the PFX, as they do from anybody.
"""

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.processes import ChildFailed

if TYPE_CHECKING:
    from deploy.run import Deployment, Run

NAMES = {"atlas": "api.brightwater.example", "dip": "dip.brightwater.example"}
PUBLICATION = "PUB-036"


class Participant:
    """The demonstration's company, at home in one folder, with UIT and Atlas beside it."""

    def __init__(self, *, run: "Run", uit: "Deployment", atlas: "Deployment", ca: Path) -> None:
        self._run, self._uit, self._atlas, self._ca = run, uit, atlas, ca
        self.folder = uit.home.parent / "participant" / "brightwater-uit"

    @property
    def configuration(self) -> Path:
        """The settings of dip_client, with which everything is ready."""
        return self.folder / "dip-client.toml"

    def rehearse(self, catcher: str) -> None:
        """Go from nothing to a webhook set by the signed API; a second time only that call.

        Raises ChildFailed.
        """
        try:
            if not self.configuration.exists():
                self._obtain()
            dip_id = self._said("dip_id")
            self._client("configure", PUBLICATION, _hook(catcher, dip_id))
        except ChildFailed as failure:
            raise ChildFailed(
                f"{failure}\nIf UIT or Atlas was brought to another state meanwhile, remove "
                f"{self.folder}: the next run begins anew."
            ) from failure

    def ready_call(self, catcher: str) -> str:
        """Return a command for a shell that sets the webhook anew with curl and openssl alone."""
        script = f"{self._said('api_url')}/api/examples/configurePublication.sh"
        dip_id = self._said("dip_id")
        return (
            f"( cd {self.folder}\n"
            f"  export DIP_ID={dip_id} DIP_CA={self._ca}\n"
            "  export DIP_API_KEY=$(cat api-key.txt) DIP_CERT=dip.cer.pem DIP_KEY=dip.key.pem\n"
            f"  export DIP_CALLBACK_URL={_hook(catcher, dip_id)}\n"
            f"  curl --silent --cacert $DIP_CA {script} > call.sh\n"
            "  bash call.sh )"
        )

    def _obtain(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)  # what an earlier run broke off in
        self.folder.mkdir(mode=0o700, parents=True)
        folder = ("--folder", str(self.folder))
        for name, host in NAMES.items():
            self._client("keys", host, "--name", name, *folder, show=False)
        self._run.manage(self._atlas, "demonstrate_customer", *folder, show=True)
        secret = json.loads((self.folder / "atlas.json").read_text())["api_secret"]
        files = [str(self.folder / f"atlas.{it}") for it in ("cer.pem", "key.pem", "pfx")]
        self._client("merge", *files, show=False, more={"DIP_PFX_PASSWORD": secret})
        self._run.manage(self._uit, "demonstrate_certificates", *folder, show=True)

    def _said(self, name: str) -> str:
        lines = self.configuration.read_text().splitlines()
        line = next(line for line in lines if line.startswith(f"{name} = "))
        return line.partition(" = ")[2].strip('"')

    def _client(
        self, *words: str, show: bool = True, more: Mapping[str, str] | None = None
    ) -> None:
        config = ["--config", str(self.configuration)] if self.configuration.exists() else []
        self._run.command(
            self._uit,
            "dip_client",
            [sys.executable, "-m", "dip_client", *config, *words],
            show=show,
            more=more or {},
        )


def _hook(catcher: str, dip_id: str) -> str:
    return f"{catcher}/hook/{dip_id}/{PUBLICATION}"
