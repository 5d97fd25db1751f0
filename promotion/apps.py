from django.apps import AppConfig


class PromotionConfig(AppConfig):
    """The main job: extract from UIT, import into Production, invite."""

    name = "promotion"

    def ready(self) -> None:
        """Let the audit trail put into words what happens here."""
        from audit.sentences import register
        from promotion.sentences import SENTENCES

        register(SENTENCES, of_companies=True)
