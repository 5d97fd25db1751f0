"""Clients that were not written here call the API as `make run` serves it: curl with openssl."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.channels.api.deployment import Served, served
from tests.leaving_out import need_program

pytestmark = pytest.mark.deploy
OPERATIONS = {
    "configurePublication": 201,
    "configureStatusMessages": 201,
    "readPublicationConfiguration": 200,
    "readStatusMessageConfiguration": 200,
    "listConfiguration": 200,
    "removePublicationConfiguration": 204,
    "removeStatusMessageConfiguration": 204,
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("api"), clients=2) as deployment:
        yield deployment


def curl(api: Served, path: str, *more: str) -> bytes:
    done = subprocess.run(
        [need_program("curl"), "--silent", "--cacert", api.authority, *more, f"{api.url}{path}"],
        capture_output=True,
        check=True,
    )
    return done.stdout


def test_every_example_of_the_reference_runs(api: Served, tmp_path: Path) -> None:
    need_program("openssl")
    variables = api.variables(api.clients[0])
    paths = json.loads(curl(api, "/api/openapi.json"))["paths"]
    said = {one["operationId"] for methods in paths.values() for one in methods.values()}
    assert said == OPERATIONS.keys()

    answers = {}
    for operation_id in OPERATIONS:
        script = tmp_path / f"{operation_id}.sh"
        script.write_bytes(curl(api, f"/api/examples/{operation_id}.sh"))
        done = subprocess.run(
            ["bash", str(script)], env=variables, capture_output=True, text=True, check=False
        )
        answers[operation_id] = done.stdout.split()[1] if done.stdout else done.stderr

    assert answers == {name: str(code) for name, code in OPERATIONS.items()}


def test_a_script_s_refusal_can_be_read(api: Served, tmp_path: Path) -> None:
    mine, theirs = api.clients
    script = tmp_path / "configure.sh"
    script.write_bytes(curl(api, "/api/examples/configurePublication.sh"))
    variables = {**api.variables(mine), "DIP_API_KEY": theirs.api_key}

    done = subprocess.run(
        ["bash", str(script)], env=variables, capture_output=True, text=True, check=True
    )

    head, _, body = done.stdout.partition("\n\n")
    assert " 403" in head.splitlines()[0]
    assert json.loads(body)["code"] == "api_key_of_another_dip_id"


def test_a_body_in_chunks_is_read_in_full(api: Served, tmp_path: Path) -> None:
    """Java's and Node's clients send chunks where they do not know the length beforehand."""
    script = curl(api, "/api/examples/configurePublication.sh").decode()
    chunked = tmp_path / "chunked.sh"
    chunked.write_text(script.replace("--data-binary", '--header "Transfer-Encoding: chunked" -d'))

    done = subprocess.run(
        ["bash", str(chunked)],
        env=api.variables(api.clients[0]),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split()[1] == "201", done.stdout


def test_without_a_client_certificate_the_answer_says_so(api: Served) -> None:
    answer = curl(api, "/dip-channel/PUB-036/pubconfig/1234567890", "-X", "POST")

    assert json.loads(answer)["code"] == "client_certificate_missing"
