"""The side bar of Atlas (setting NAV_ITEMS)."""

from django.http import HttpRequest
from django.urls import reverse

PAGES = (
    ("Home", "home"),
    ("Identity Profiles", "identities"),
    ("Request Certificates", "request_certificate"),
    ("Issuance Inventory", "certificates"),
    ("Domains", "domains"),
    ("API Credentials", "api_credentials"),
    ("mTLS Certificate", "mtls_certificates"),
    ("Certificate Authorities", "authorities"),
    ("Test DNS", "dns_zones"),
    ("Test controls", "controls"),
)


def items(request: HttpRequest) -> list[tuple[str, str]]:
    """Return (label, URL) pairs."""
    return [(label, reverse(name)) for label, name in PAGES]
