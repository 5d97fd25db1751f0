from django.apps import AppConfig


class CertificatesConfig(AppConfig):
    """A company's certificates for the DIP, and the DIP as a client of GlobalSign Atlas."""

    name = "certificates"

    def ready(self) -> None:
        """Let the audit trail put into words what happens here."""
        from audit.sentences import register
        from certificates.sentences import SENTENCES

        register(SENTENCES, of_companies=True)
