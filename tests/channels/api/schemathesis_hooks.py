"""Loaded by schemathesis (SCHEMATHESIS_HOOKS): calls for the DIP ID, and signs each call.

What a case makes wrong on purpose is left as it is. Half of the cases that are right get a
URL and a publication that no schema can demand, so that calls come through as well.
"""

import os
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import negated_parameters

from channels import wire
from tests.channels.api.signing_auth import Signing

HEADER, PATH = ParameterLocation.HEADER, ParameterLocation.PATH


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Name our own DIP ID, and let the call be signed when it is ready to go."""
    wrong = set(negated_parameters(case.meta))
    if ("recipient-id", PATH) not in wrong and case.path_parameters:
        case.path_parameters["recipient-id"] = os.environ["DIP_ID"]
    is_right = case.meta is not None and case.meta.generation.mode.is_positive
    if is_right and isinstance(case.body, dict) and len(str(case.body)) % 2:
        case.body["callbackURL"] = "https://hooks.superenergy.example/dip"
        if "id" in (case.path_parameters or {}):
            case.path_parameters["id"] = "PUB-036"
    leaves = [name for name, where in wrong if where == HEADER]
    if case.meta is not None and case.meta.is_negative_at(HEADER) and not leaves:
        leaves = list(wire.HEADERS)
    kwargs["auth"] = Signing(
        certificate=os.environ["DIP_CERT"], key=os.environ["DIP_KEY"], leaves=leaves
    )
