"""What every page of the DIP Manager's own is: inside the admin, behind one action."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from organisations.actors import AnonymousActor, actor_of
from organisations.policies import Action, require

View = Callable[..., HttpResponse]


def page(action: Action, *, methods: tuple[str, ...] = ("GET", "HEAD")) -> Callable[[View], View]:
    """Let a view be asked by who may do `action`; it gets the actor as `actor`.

    Who is not signed in is sent to sign in; strangers get 404, others 403 with the reason.
    """

    def decorate(view: View) -> View:
        @require_http_methods(list(methods))
        @wraps(view)
        def wrapped(request: HttpRequest, **arguments: Any) -> HttpResponse:
            actor = actor_of(request)
            if isinstance(actor, AnonymousActor):
                return redirect_to_login(request.get_full_path())
            require(actor, action)
            return view(request, actor=actor, **arguments)

        return wrapped

    return decorate


def show(
    request: HttpRequest, template: str, title: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Render a template in the frame of the admin."""
    return render(
        request,
        template,
        {**admin.site.each_context(request), "title": title, **context},
        status=status,
    )
