from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Who you are: users, sign-in, the second factor and the Terms of Use."""

    name = "accounts"
