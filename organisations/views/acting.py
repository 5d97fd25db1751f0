"""The switcher of somebody in several companies."""

from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from organisations import acting
from organisations.http import ActionView
from organisations.policies import Action, Stranger


class ActForView(ActionView):
    """Act for another company from now on, beginning at its HOME; for none of them, choose."""

    action: ClassVar[Action] = Action.ORGANISATION_VIEW

    def post(self, request: HttpRequest) -> HttpResponse:
        asked = request.POST.get("company", "")
        if not asked:
            acting.forget(request)
            return redirect("home")
        found = next((one for one in acting.companies_of(request) if str(one.pk) == asked), None)
        if found is None:
            raise Stranger
        acting.choose(request, found)
        return redirect("home")
