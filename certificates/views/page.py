"""What the pages behind the Certificates tab share."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from certificates.models import AtlasCredential
from organisations.http import OrganisationView


class CertificatesPage(OrganisationView, is_base=True):
    """A page of templates/certificates/ about a company; it comes back to the tab."""

    def show(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        """Render a page."""
        return render(
            request,
            f"certificates/{template}",
            {"company": self.organisation, "back_url": self.address(), **context},
        )

    def ask(
        self, request: HttpRequest, *, question: str, consequence: str, submit: str, **more: Any
    ) -> HttpResponse:
        """Render the page that asks before something is done."""
        return self.show(
            request,
            "confirm.html",
            **{
                "question": question,
                "consequence": consequence,
                "submit": submit,
                "danger": True,
                "cancel_url": self.address(),
                **more,
            },
        )

    def address(self) -> str:
        """Return the address of the tab."""
        return reverse("certificates:tab", args=[self.organisation.pk])

    def back(self) -> HttpResponse:
        """Return to the tab."""
        return redirect(self.address())

    def has_credentials(self) -> bool:
        """Tell whether the company has API credentials: one query."""
        return AtlasCredential.objects.filter(organisation=self.organisation).exists()
