"""The admin has no sign-in of its own: rate limits and the second factor are the portal's."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.views.generic import RedirectView


def take_over() -> None:
    """Send the admin's sign-in and password pages to the portal's; called once, at start."""
    site = admin.site
    site.login = secure_admin_login(site.login)  # type: ignore[method-assign]
    site.password_change = RedirectView.as_view(  # type: ignore[assignment, method-assign]
        pattern_name="account_change_password"
    )
