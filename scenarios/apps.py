from django.apps import AppConfig


class ScenariosConfig(AppConfig):
    """States to which testers bring an environment, as files, and the command that does it."""

    name = "scenarios"

    def ready(self) -> None:
        """Let the audit trail put into words what is done here."""
        from audit.sentences import register

        register(
            {
                "environment:reset": "reset to a scenario the environment",
                "test_controls:set": "set the",
            }
        )
