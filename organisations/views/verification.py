"""The page that holds a User Admin until the company's details are verified."""

from typing import ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from dip_portal.lib import clock
from organisations.forms.verifying import VerifyCompanyForm
from organisations.http import OrganisationView
from organisations.policies import Action
from organisations.services.verification import UnableToVerify, verify_details


class VerifyCompanyView(OrganisationView):
    """Company name, number and description to confirm; a company verified already leads HOME."""

    action: ClassVar[Action] = Action.ORGANISATION_VERIFY

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        if self.organisation.details_verified_at is not None:
            return redirect("home")
        return self._page(request, VerifyCompanyForm(organisation=self.organisation))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = VerifyCompanyForm(request.POST, organisation=self.organisation)
        if not form.is_valid():
            return self._page(request, form)
        try:
            verify_details(
                actor=self.actor,
                organisation=self.organisation,
                revision=form.cleaned_data["revision"],
                description=form.cleaned_data["description"],
                acts_as_dcp=form.cleaned_data["acts_as_dcp"],
                now=clock.now(),
            )
        except UnableToVerify as error:
            if error.field:
                form.add_error(error.field, str(error))
                return self._page(request, form)
            messages.warning(request, str(error))
            return redirect(request.path)
        messages.success(request, f"The details of {self.organisation} are verified.")
        return redirect("home")

    def _page(self, request: HttpRequest, form: VerifyCompanyForm) -> HttpResponse:
        return render(
            request, "organisations/verify.html", {"form": form, "company": self.organisation}
        )
