from typing import Any

from django.apps import AppConfig

from dip_portal.lib import garbage


class DipPortalConfig(AppConfig):
    """What the whole deployment shares: settings, addresses, the environment's stamp."""

    name = "dip_portal"

    def ready(self) -> None:
        """Keep the database to its environment, tasks under their ids, and note signs of life."""
        from celery.signals import beat_init, worker_init, worker_process_init
        from django.db.models.signals import post_migrate, pre_migrate

        from dip_portal import heartbeat, stamp
        from dip_portal.lib import correlated_tasks

        pre_migrate.connect(stamp.require_own_database, sender=self)
        post_migrate.connect(stamp.stamp_database, sender=self)
        worker_init.connect(stamp.stop_in_wrong_database)
        worker_process_init.connect(_settle)
        beat_init.connect(stamp.stop_in_wrong_database)
        correlated_tasks.connect()
        heartbeat.connect()


def _settle(**_: Any) -> None:
    garbage.settle()
