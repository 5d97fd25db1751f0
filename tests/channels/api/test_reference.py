"""The document, the browsable page and docs/api.md say what the code does."""

import json

import pytest
from django.conf import settings
from django.test import Client

from channels.api import arrival
from channels.management.commands.print_api_codes import table
from channels.refusals import CODES

pytestmark = pytest.mark.django_db


def test_the_docs_have_the_codes_of_the_code() -> None:
    page = (settings.BASE_DIR / "docs" / "api.md").read_text(encoding="utf-8")

    assert table() in page, "run `manage.py print_api_codes --write`"


def test_the_document_says_which_codes_go_with_which_status() -> None:
    said = json.loads(Client().get("/api/openapi.json").content)

    for path, methods in said["paths"].items():
        assert arrival.is_api(path)
        for operation in methods.values():
            assert operation["security"] == [{"ClientCertificate": [], "ApiKey": []}]
            told = " ".join(one["description"] for one in operation["responses"].values())
            assert {name for name in CODES if name not in told} == set()
    assert said["paths"]["/dip-channel/{id}/pubconfig/{recipient-id}"]["post"]["operationId"] == (
        "configurePublication"
    )


def test_what_is_not_the_dip_s_is_marked() -> None:
    said = json.loads(Client().get("/api/openapi.json").content)

    for path, methods in said["paths"].items():
        for operation in methods.values():
            assert operation.get("x-extension", False) == path.startswith("/extensions/"), path


def test_the_page_has_a_place_for_each_code_and_a_script_for_each_operation() -> None:
    page = Client().get("/api/").content.decode()
    said = json.loads(Client().get("/api/openapi.json").content)

    for name in CODES:
        assert f'id="{name}"' in page
    for methods in said["paths"].values():
        for operation in methods.values():
            script = Client().get(f"/api/examples/{operation['operationId']}.sh")
            assert script.status_code == 200
            assert script.content.startswith(b"#!/usr/bin/env bash")
    assert Client().get("/api/examples/nothing.sh").status_code == 404
