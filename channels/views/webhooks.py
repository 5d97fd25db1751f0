"""One webhook: set it, remove it."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from channels import catalogue
from channels.errors import ChangedMeanwhile, UnableToConfigure
from channels.forms.webhooks import WebhookForm
from channels.models import STATUS_MESSAGES, WebhookConfiguration
from channels.plans import receivable
from channels.services import sending, webhooks
from dip_portal.lib import clock
from organisations.policies import Action, Stranger, decide, require
from organisations.views.dip_id import DipIdPage


class WebhookPage(DipIdPage, is_base=True):
    """A page about the webhook of one publication of one DIP ID."""

    publication: str
    title: str
    webhook: WebhookConfiguration | None

    def load(self, **kwargs: Any) -> None:
        """Load the DIP ID, the publication and its webhook; raises Stranger, Refused."""
        super().load(**kwargs)
        titles = dict(receivable(self.dip_id.dip_role_code))
        self.publication = kwargs["publication"].upper()
        if self.publication not in titles:
            raise Stranger
        self.title = titles[self.publication]
        self.webhook = self.dip_id.webhooks.filter(publication=self.publication).first()

    def show(self, template: str, **context: Any) -> HttpResponse:
        """Render a page of templates/channels/."""
        return super().show(
            f"../../channels/{template}",
            publication=self.publication,
            publication_title=self.title,
            webhook=self.webhook,
            channels_url=reverse("channels:channels", args=[self.organisation.pk]),
            webhook_url=self.webhook_address(),
            **context,
        )

    def webhook_address(self) -> str:
        """Return the address of the webhook's page."""
        return reverse(
            "channels:webhook",
            args=[self.organisation.pk, self.dip_id.dip_id, self.publication],
        )


class WebhookView(WebhookPage):
    """A webhook as it is, and the form that sets it for those who may."""

    action: ClassVar[Action] = Action.CHANNEL_VIEW

    def get(self, request: HttpRequest, pk: int, dip_id: str, publication: str) -> HttpResponse:
        return self._page(WebhookForm(initial=_said(self.webhook)))

    def post(self, request: HttpRequest, pk: int, dip_id: str, publication: str) -> HttpResponse:
        require(self.actor, Action.CHANNEL_CONFIGURE, self.dip_id)
        data = request.POST.copy()
        form = WebhookForm(data)
        if form.is_valid():
            try:
                webhooks.set_webhook(
                    actor=self.actor,
                    dip_id=self.dip_id,
                    publication=self.publication,
                    now=clock.now(),
                    **form.cleaned_data,
                )
            except ChangedMeanwhile as refusal:
                self.webhook = refusal.current
                data["version"] = self.webhook.version if self.webhook else ""
                form.add_error(None, str(refusal))
            except UnableToConfigure as refusal:
                form.add_error(
                    refusal.field if refusal.field in form.fields else None, str(refusal)
                )
            else:
                messages.success(request, f"{self.publication} goes to this URL now. Test it.")
                return redirect(self.webhook_address())
        return self._page(form)

    def _page(self, form: WebhookForm) -> HttpResponse:
        interface = (
            None if self.publication == STATUS_MESSAGES else catalogue.channel(self.publication)
        )
        now = timezone.now()
        found = self.webhook.tests.all()[:10] if self.webhook else []
        return self.show(
            "webhook.html",
            form=form,
            may_configure=decide(self.actor, Action.CHANNEL_CONFIGURE, self.dip_id),
            interface=interface,
            events=interface.events_for(self.dip_id.dip_role_code) if interface else [],
            tests=[(it, sending.held_until(it, now=now)) for it in found],
        )


class RemoveWebhookView(WebhookPage):
    """Remove a webhook; asks first."""

    action: ClassVar[Action] = Action.CHANNEL_CONFIGURE

    def get(self, request: HttpRequest, pk: int, dip_id: str, publication: str) -> HttpResponse:
        if self.webhook is None:
            return redirect(self.webhook_address())
        return self.show(
            "confirm.html",
            title="Remove",
            question=f"Remove the webhook of {self.publication} for DIP ID {self.dip_id}?",
            consequence=f"Nothing of {self.publication} is delivered to "
            f"{self.webhook.callback_url} any more.",
            submit="Remove",
            cancel_url=self.webhook_address(),
            danger=True,
        )

    def post(self, request: HttpRequest, pk: int, dip_id: str, publication: str) -> HttpResponse:
        if webhooks.remove_webhook(
            actor=self.actor,
            dip_id=self.dip_id,
            publication=self.publication,
            now=clock.now(),
        ):
            messages.success(request, f"The webhook of {self.publication} is removed.")
        return redirect(self.webhook_address())


def _said(webhook: WebhookConfiguration | None) -> dict[str, Any]:
    if webhook is None:
        return {}
    names = ("version", "callback_url", "max_message_count", "max_payload_size")
    return {name: getattr(webhook, name) for name in names}
