"""Outgoing e-mails: how each delivery stands, sending again, and on the embedded run the texts."""

from contextlib import suppress
from typing import Any
from uuid import UUID

import django_filters
from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.decorators import method_decorator

from mail.models import OutgoingMail
from operations.errors import UnableToSendAgain
from operations.services import send_again
from organisations.admin_lists import ListAdmin, SearchInput, page_of
from organisations.policies import Action, decide

LIST = "admin:mail_outgoingmail_changelist"
SENT_MAILS_A_PAGE = 10


class MailFilter(django_filters.FilterSet):
    """Which e-mails to show."""

    q = django_filters.CharFilter(method="search", label="Search", widget=SearchInput)
    state = django_filters.ChoiceFilter(
        method="in_state",
        choices=[*OutgoingMail.State.choices, ("TROUBLE", "In trouble")],
        empty_label="Any",
        label="State",
    )

    class Meta:
        model = OutgoingMail
        fields: list[str] = []

    def search(self, rows: QuerySet[OutgoingMail], name: str, text: str) -> QuerySet[OutgoingMail]:
        """Find a text in the address or the subject, or exactly an id."""
        return rows.filter(
            Q(to__icontains=text) | Q(subject__icontains=text) | Q(correlation_id=text)
        )

    def in_state(
        self, rows: QuerySet[OutgoingMail], name: str, state: str
    ) -> QuerySet[OutgoingMail]:
        """Keep e-mails in a state; in trouble is what waits for another attempt."""
        if state == "TROUBLE":
            return rows.filter(state=OutgoingMail.State.QUEUED).exclude(last_error="")
        return rows.filter(state=state)


class MailAdmin(ListAdmin):
    """Outgoing e-mails in the admin."""

    view_action = Action.MAIL_VIEW
    template_folder = "operations"
    filter_class = MailFilter
    list_template = "mails.html"
    list_title = "Outgoing mail"

    def pages(self) -> list[URLPattern]:
        """Return the button's address and the page of the texts."""
        return [
            self.address(
                "send-again/", self.send_again, "operations_mail_send_again", method="POST"
            ),
            self.address("sent/", self.sent, "operations_sent_mails"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutgoingMail]:
        """Return the e-mails without their sealed bodies."""
        rows: QuerySet[OutgoingMail] = super().get_queryset(request)
        return rows.defer("sealed_text", "sealed_html")

    def show(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        """Render a page, with what the actor may do."""
        return super().show(
            request,
            template,
            title,
            can_send_again=bool(decide(self.allow(request), Action.MAIL_RETRY)),
            shows_sent_mail=settings.SHOW_SENT_MAIL,
            **context,
        )

    def send_again(self, request: HttpRequest) -> HttpResponse:
        """Send the chosen e-mails again."""
        actor = self.allow(request, Action.MAIL_RETRY)
        try:
            queued = send_again(actor=actor, mail_ids=_chosen(request), now=timezone.now())
        except UnableToSendAgain as error:
            messages.error(request, str(error))
        else:
            what = "1 e-mail is" if len(queued) == 1 else f"{len(queued)} e-mails are"
            messages.success(request, f"{what} being sent again.")
        return redirect(LIST)

    # The frame with an e-mail's HTML part, whose styles are in its elements, has the page's policy.
    @method_decorator(csp_update({"style-src": [UNSAFE_INLINE]}))
    def sent(self, request: HttpRequest) -> HttpResponse:
        """Show the texts of sent e-mails, links and all; only where SHOW_SENT_MAIL is on."""
        self.allow(request)
        if not settings.SHOW_SENT_MAIL:
            raise Http404
        search = request.GET.get("q", "").strip().replace("\x00", "")
        rows = super().get_queryset(request).filter(state=OutgoingMail.State.SENT)
        if search:
            rows = rows.filter(Q(to__icontains=search) | Q(subject__icontains=search))
        paged = page_of(request, rows.order_by("-sent_at", "pk"), size=SENT_MAILS_A_PAGE)
        return self.show(request, "sent_mails.html", "Sent mails", search=search, **paged)


def _chosen(request: HttpRequest) -> list[UUID]:
    chosen = []
    for text in request.POST.getlist("mail"):
        with suppress(ValueError):
            chosen.append(UUID(text))
    return chosen
