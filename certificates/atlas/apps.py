from django.apps import AppConfig


class AtlasConfig(AppConfig):
    """The simulated GlobalSign Atlas: the certificate authority outside the DIP.

    Its tables are everywhere, so that migrations are the same; its pages and its API are
    mounted only where the environment is a certificate authority.
    """

    name = "certificates.atlas"
    label = "atlas"
    verbose_name = "simulated GlobalSign Atlas"

    def ready(self) -> None:
        """Let the audit trail put into words what happens here."""
        from audit.sentences import register
        from certificates.atlas.sentences import SENTENCES

        register(SENTENCES)
