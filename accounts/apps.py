from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Who you are: users, sign-in, the second factor and the Terms of Use."""

    name = "accounts"

    def ready(self) -> None:
        """Let the admin's sign-in be the portal's, and what happens to an account be audited."""
        from accounts import admin_sign_in, signals

        admin_sign_in.take_over()
        signals.connect()
