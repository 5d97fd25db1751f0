from django.apps import AppConfig


class MailConfig(AppConfig):
    """E-mails as rows with a state, delivered by a worker and never lost."""

    name = "mail"
