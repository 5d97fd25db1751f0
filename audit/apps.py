from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Who did what, when, from where: a trail that is only ever added to."""

    name = "audit"
