from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """The DIP Manager's view of what goes on: audit trail, jobs and outgoing e-mails."""

    name = "operations"
    verbose_name = "Operations"
