"""Send a test event to a webhook, and see what came of it."""

from typing import ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from channels.errors import UnableToConfigure
from channels.services import sending, webhook_tests
from channels.views.webhooks import WebhookPage
from organisations.policies import Action, Stranger, decide


class SendTestView(WebhookPage):
    """Send a test event."""

    action: ClassVar[Action] = Action.CHANNEL_TEST

    def get(self, request: HttpRequest, pk: int, dip_id: str, publication: str) -> HttpResponse:
        return redirect(self.webhook_address())

    def post(self, request: HttpRequest, pk: int, dip_id: str, publication: str) -> HttpResponse:
        if self.webhook is None:
            messages.error(request, f"Set the webhook of {self.publication} before you test it.")
            return redirect(self.webhook_address())
        self.webhook.dip_id = self.dip_id
        try:
            test = webhook_tests.request_test(
                actor=self.actor, webhook=self.webhook, now=timezone.now()
            )
        except UnableToConfigure as refusal:
            messages.warning(request, str(refusal))
            return redirect(self.webhook_address())
        return redirect("channels:test", pk, dip_id, self.publication, test.pk)


class TestView(WebhookPage):
    """A test event: on its way, or what came of it. htmx asks for the changing part alone."""

    action: ClassVar[Action] = Action.CHANNEL_VIEW

    def get(
        self, request: HttpRequest, pk: int, dip_id: str, publication: str, key: int
    ) -> HttpResponse:
        test = self.webhook.tests.filter(pk=key).first() if self.webhook else None
        if test is None:
            raise Stranger
        context = {
            "test": test,
            "held_until": sending.held_until(test, now=timezone.now()),
            "tone": {"DELIVERED": "success", "FAILED": "danger"}.get(test.state, "info"),
            "may_test": decide(self.actor, Action.CHANNEL_TEST, self.dip_id),
        }
        if request.headers.get("HX-Request"):
            return render(request, "channels/partials/test_live.html", context)
        return self.show("test.html", **context)
