from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Work that outlives a request: kept as rows, done in chunks, resumed after a crash."""

    name = "jobs"

    def ready(self) -> None:
        """Let a worker that starts look for what a dead one left."""
        from jobs import signals

        signals.connect()
