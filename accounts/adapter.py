"""How django-allauth behaves here: no open sign-up, e-mails through the outbox."""

import time
from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest

from dip_portal.lib import clock
from mail.services import queue

RESET_LINK_LIFE = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
NEW_PLACE = "accounts/email/new_place"  # not of allauth's, which knows no such e-mail
# allauth's e-mails that are sent here, by the name of our template. One that is not
# listed is not sent: above all the one that tells strangers they have no account.
EMAILS = {
    "account/email/password_reset_key": "password_reset",
    "account/email/password_changed": "security_notice",
    "account/email/password_reset": "security_notice",
    "account/email/password_set": "security_notice",
    NEW_PLACE: "security_notice",
    "mfa/email/totp_activated": "security_notice",
    "mfa/email/totp_deactivated": "security_notice",
    "mfa/email/webauthn_added": "security_notice",
    "mfa/email/webauthn_removed": "security_notice",
    "mfa/email/recovery_codes_generated": "security_notice",
}
NOTICES = {
    "account/email/password_changed": "Your password was changed.",
    "account/email/password_reset": "Your password was reset.",
    "account/email/password_set": "Your password was set.",
    NEW_PLACE: "Somebody signed in to your account from a new address.",
    "mfa/email/totp_activated": "An authenticator app was added to your account.",
    "mfa/email/totp_deactivated": "The authenticator app was removed from your account.",
    "mfa/email/webauthn_added": "A passkey was added to your account.",
    "mfa/email/webauthn_removed": "A passkey was removed from your account.",
    "mfa/email/recovery_codes_generated": "New recovery codes were made for your account.",
}


class AccountAdapter(DefaultAccountAdapter):
    """The rules of signing in to this portal (setting ACCOUNT_ADAPTER)."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "The e-mail address or the password is not right.",
        "too_many_login_attempts": (
            "There were too many attempts to sign in. Wait five minutes and try again."
        ),
        "rate_limited": "There were too many attempts. Wait a few minutes and try again.",
        "incorrect_password": "The password is not right.",
        "enter_current_password": "The current password is not right.",
        "incorrect_code": "This code is not right.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse: an account begins with an invitation."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue one of allauth's e-mails; it is sent when the request's work is committed."""
        template = EMAILS.get(template_prefix)
        if template is None:
            return
        is_link = template == "password_reset"
        queue(
            to=email,
            template=template,
            good_until=clock.now() + RESET_LINK_LIFE if is_link else None,
            context={
                "password_reset_url": context.get("password_reset_url"),
                "expires_in_days": RESET_LINK_LIFE.days,
                "notice": NOTICES.get(template_prefix),
                "at": context.get("timestamp"),
                "address": context.get("ip"),
                "browser": context.get("user_agent"),
            },
        )

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask for the password again before a sensitive change, but not right after a sign-in.

        So a first sign-in goes straight on to enrolling the second factor, and on to the
        recovery codes that come with it.
        """
        required: bool = super().is_reauthentication_required(app=app, **kwargs)
        return required and not self._signed_in_a_moment_ago()

    def _signed_in_a_moment_ago(self) -> bool:
        records = get_authentication_records(self.request, self.request.user)
        if not records:
            return False
        elapsed: float = time.time() - records[-1]["at"]
        return bool(elapsed < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
