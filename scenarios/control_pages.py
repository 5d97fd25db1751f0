"""The page Test controls, in the DIP Manager's admin."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from controls import state
from organisations.actors import Actor
from organisations.manager_pages import page, show
from organisations.policies import Action
from scenarios.control_services import set_controls
from scenarios.forms import TestControlsForm


@page(Action.TEST_CONTROLS_SET, methods=("GET", "HEAD", "POST"))
def test_controls(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what is not as usual in this environment, and set it."""
    form = TestControlsForm.showing(state.stored())
    status = HTTPStatus.OK
    if request.method == "POST":
        form = TestControlsForm(request.POST)
        if form.is_valid():
            set_controls(actor=actor, now=timezone.now(), **form.chosen)
            messages.success(request, "The test controls are set.")
            return redirect("test_controls:page")
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return show(
        request,
        "scenarios/test_controls.html",
        "Test controls",
        form=form,
        real=timezone.now(),
        unusual=state.sentences(),
        status=status,
    )
