"""The first page of Atlas."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from certificates.atlas.http import AccountView


class HomeView(AccountView):
    """Says what one came for, and where it is."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "atlas/home.html", {"account": self.account})
