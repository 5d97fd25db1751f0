from django.apps import AppConfig


class ControlsConfig(AppConfig):
    """What testers switch for the whole environment, and how requests and tasks follow it."""

    name = "controls"
    verbose_name = "Test controls"

    def ready(self) -> None:
        """Let every task see the controls as they are when it begins."""
        from controls import state

        state.connect_tasks()
