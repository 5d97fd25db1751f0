from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """The DIP Manager's view of what goes on: audit trail, jobs and outgoing e-mails."""

    name = "operations"
    verbose_name = "Operations"

    def ready(self) -> None:
        """Let the audit trail put into words what is done here."""
        from audit.sentences import register

        register({"mail:retry": "sent again the e-mail"}, of_companies=True)
        register({"environment:reseal": "sealed anew with the newest key the secrets of"})
