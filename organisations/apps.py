from django.apps import AppConfig


class OrganisationsConfig(AppConfig):
    """What a company is, who may act for it, and the access table."""

    name = "organisations"

    def ready(self) -> None:
        """Let the audit trail put into words what happens here."""
        from audit.sentences import register
        from organisations.sentences import OF_ACCOUNTS, SENTENCES

        register(SENTENCES, of_companies=True)
        register(OF_ACCOUNTS)
