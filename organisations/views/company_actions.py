"""What a User Admin does with the company itself: describe it, ask for a domain."""

from datetime import datetime
from typing import Any, ClassVar, Protocol

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from dip_portal.lib import clock
from organisations.actors import Actor
from organisations.errors import UnableToChangeCompany
from organisations.forms.company_actions import ChildForm, DescriptionForm, DomainRequestForm
from organisations.http import OrganisationView
from organisations.models import Organisation
from organisations.policies import Action, Stranger
from organisations.services import domain_requests, organisations


class Verb(Protocol):
    """A service that is told who acts, for which company, and when."""

    def __call__(self, *, actor: Actor, organisation: Organisation, now: datetime) -> object: ...


class CompanyActionView(OrganisationView, is_base=True):
    """A page with one form; it comes back to the company's page."""

    def show(self, template: str, **context: Any) -> HttpResponse:
        """Render a page of templates/organisations/actions/."""
        return render(
            self.request,
            f"organisations/actions/{template}",
            {"company": self.organisation, "back_url": self._address(), **context},
        )

    def do(self, verb: Verb, done: str) -> HttpResponse:
        """Call a service that needs nothing but the company, and return to its page."""
        try:
            verb(actor=self.actor, organisation=self.organisation, now=clock.now())
        except UnableToChangeCompany as refusal:
            messages.error(self.request, str(refusal))
            return redirect(self._address())
        return self.done(done)

    def done(self, text: str) -> HttpResponse:
        """Return to the company's page and say there what was done."""
        messages.success(self.request, text)
        return redirect(self._address())

    def _address(self) -> str:
        return reverse("organisations:dip_ids", args=[self.organisation.pk])


class EditDescriptionView(CompanyActionView):
    """Edit what the company says of itself; who comes second sees what the first wrote."""

    action: ClassVar[Action] = Action.ORGANISATION_DESCRIBE

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.show("description.html", form=DescriptionForm(company=self.organisation))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = DescriptionForm(request.POST, company=self.organisation)
        current = ""
        if form.is_valid():
            try:
                is_changed = organisations.edit_description(
                    actor=self.actor,
                    organisation=self.organisation,
                    now=clock.now(),
                    **form.cleaned_data,
                )
            except UnableToChangeCompany as refusal:
                entered = request.POST.copy()
                entered["revision"] = str(self.organisation.revision)
                form = DescriptionForm(entered, company=self.organisation)
                form.add_error(refusal.field or None, str(refusal))
                current = self.organisation.description
            else:
                return self.done(
                    "The description is changed."
                    if is_changed
                    else "The description is as it was: you changed nothing."
                )
        return self.show("description.html", form=form, current=current)


class AddChildView(CompanyActionView):
    """Add a child organisation, of which one becomes the first User Admin."""

    action: ClassVar[Action] = Action.ORGANISATION_ADD_CHILD

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.show("child.html", form=ChildForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = ChildForm(request.POST)
        if form.is_valid():
            try:
                child = organisations.add_child(
                    actor=self.actor,
                    parent=self.organisation,
                    now=clock.now(),
                    **form.cleaned_data,
                )
            except UnableToChangeCompany as refusal:
                field = refusal.field if refusal.field in form.fields else None
                form.add_error(field, str(refusal))
            else:
                messages.success(request, f"{child} is added. You are its first User Admin.")
                return redirect("organisations:dip_ids", pk=child.pk)
        return self.show("child.html", form=form)


class RequestDomainView(CompanyActionView):
    """Ask the DIP Manager to whitelist a domain."""

    action: ClassVar[Action] = Action.DOMAIN_REQUEST

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.show("domain.html", form=DomainRequestForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = DomainRequestForm(request.POST)
        if form.is_valid():
            try:
                asked = domain_requests.request_domain(
                    actor=self.actor,
                    organisation=self.organisation,
                    now=clock.now(),
                    **form.cleaned_data,
                )
            except UnableToChangeCompany as refusal:
                form.add_error(refusal.field or None, str(refusal))
            else:
                return self.done(
                    f"The DIP Manager is asked to whitelist {asked.domain}. You are told by e-mail "
                    "what is decided."
                )
        return self.show("domain.html", form=form)


class WithdrawDomainRequestView(CompanyActionView):
    """Take a request back."""

    action: ClassVar[Action] = Action.DOMAIN_REQUEST

    def post(self, request: HttpRequest, pk: int, key: int) -> HttpResponse:
        found = self.organisation.domain_requests.filter(pk=key).first()
        if found is None:
            raise Stranger
        try:
            domain_requests.withdraw(actor=self.actor, request=found, now=clock.now())
        except UnableToChangeCompany as refusal:
            messages.error(request, str(refusal))
            return redirect(self._address())
        return self.done(f"The request for {found.domain} is withdrawn.")
