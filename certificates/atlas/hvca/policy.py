"""The validation policy: what a request for a certificate may hold, as HVCA writes it."""

import re
from collections.abc import Sequence
from typing import Any

from certificates.atlas.hvca import orders
from certificates.atlas.models import IdentityProfile
from certificates.pki import keys
from certificates.pki.profiles import CLOCK_SKEW, LIFETIME, MAX_NAMES

FORBIDDEN = {"presence": "FORBIDDEN", "format": ""}
NOTHING = {"static": False, "list": [], "mincount": 0, "maxcount": 0}
SKEW_SECONDS = int(CLOCK_SKEW.total_seconds())


def validation_policy(profile: IdentityProfile, domains: Sequence[str]) -> dict[str, Any]:
    """Return the policy of an identity; `domains` are its verified ones."""
    return {
        "validity": {
            "secondsmin": int(orders.SHORTEST.total_seconds()),
            "secondsmax": int(LIFETIME.total_seconds()),
            "not_before_negative_skew": SKEW_SECONDS,
            "not_before_positive_skew": SKEW_SECONDS,
        },
        "subject_dn": _subject(profile, domains),
        "san": {
            # Names are judged by how they end; a name is a verified domain or lies under one.
            "dns_names": {
                "static": False,
                "list": [name for domain in domains for name in (domain, f".{domain}")],
                "mincount": 0,
                "maxcount": MAX_NAMES,
            },
            **dict.fromkeys(("emails", "ip_addresses", "uris"), NOTHING),
            "other_names": {},
        },
        "key_usages": {
            orders.ALWAYS: "STATIC_TRUE",
            **dict.fromkeys(orders.CHOICES, "OPTIONAL"),
            **dict.fromkeys(orders.NEVER, "STATIC_FALSE"),
        },
        "extended_key_usages": {
            "ekus": {
                "static": False,
                "list": [f"^{re.escape(usage)}$" for usage in orders.USAGES],
                "mincount": 0,
                "maxcount": len(orders.USAGES),
            },
            "critical": False,
        },
        "signature": {
            field: {"presence": "OPTIONAL", "list": [allowed[0]]}
            for field, allowed in orders.SIGNATURE.items()
        },
        "public_key": {
            # HVCA names one kind of key; EC keys on P-256 and up are taken too.
            "key_type": "RSA",
            "allowed_lengths": [bits for bits in (2048, 3072, 4096, 8192) if bits in keys.RSA_BITS],
            "key_format": "PKCS10",
        },
        "public_key_signature": "OPTIONAL",
        "custom_extensions": {},
    }


def _subject(profile: IdentityProfile, domains: Sequence[str]) -> dict[str, Any]:
    static = {
        field: {"presence": "STATIC", "format": getattr(profile, own)}
        if getattr(profile, own)
        else FORBIDDEN
        for field, own in orders.SUBJECT_FIELDS.items()
    }
    single = (
        field
        for field in orders.OTHER_SUBJECT_FIELDS
        if field not in ("organizational_unit", "extra_attributes")
    )
    ends = "|".join(re.escape(domain) for domain in domains)
    return {
        "common_name": {"presence": "OPTIONAL", "format": rf"^(?:[a-z0-9-]+\.)*(?:{ends})$"},
        **static,
        "organizational_unit": NOTHING,
        **dict.fromkeys(single, FORBIDDEN),
        "extra_attributes": {},
    }
