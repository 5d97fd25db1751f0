from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    """Message channels: which publications go where, and the signature of each call."""

    name = "channels"

    def ready(self) -> None:
        """Let the audit trail put into words what happens here."""
        from audit.sentences import register
        from channels.sentences import SENTENCES

        register(SENTENCES, of_companies=True)
