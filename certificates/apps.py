from django.apps import AppConfig


class CertificatesConfig(AppConfig):
    """A company's certificates for the DIP, and the DIP as a client of GlobalSign Atlas."""

    name = "certificates"
