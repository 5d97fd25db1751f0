"""What every page of a company is: it names its action, and asks the policies before it runs."""

from typing import Any, ClassVar

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views import View
from django_htmx.http import HttpResponseClientRefresh
from django_htmx.middleware import HtmxDetails

from organisations import acting
from organisations.actors import Actor, AnonymousActor, actor_of
from organisations.models import Organisation
from organisations.policies import Action, Stranger, require


class ActionView(View):
    """A page for people who are signed in. A class that names no `action` fails at import.

    `actor` is who asks. A list shows what `visible(actor, action, ...)` leaves; a page of
    one thing overrides `load`, which is given the URL's arguments.
    """

    action: ClassVar[Action]
    actor: Actor

    def __init_subclass__(cls, *, is_base: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not is_base and not isinstance(getattr(cls, "action", None), Action):
            raise TypeError(f"{cls.__module__}.{cls.__qualname__} names no action.")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Send strangers to sign in, load, ask the policies, and run the view.

        Where htmx asks for a part of a page and the session has ended, the whole page goes.
        """
        self.actor = actor_of(request)
        if isinstance(self.actor, AnonymousActor):
            if HtmxDetails(request):
                return HttpResponseClientRefresh()
            return redirect_to_login(request.get_full_path())
        self.load(**kwargs)
        return super().dispatch(request, *args, **kwargs)

    def load(self, **kwargs: Any) -> None:
        """Load what the page is about and require the action on it; raises Stranger, Refused."""


class OrganisationView(ActionView, is_base=True):
    """A page of one company, named by `pk` in the URL: `organisation`, with its parent."""

    organisation: Organisation

    def load(self, **kwargs: Any) -> None:
        """Load the company and require the action on it: 404 to strangers, 403 with the reason.

        Who is in several companies acts for this one from now on.
        """
        found = Organisation.objects.select_related("parent").filter(pk=kwargs["pk"]).first()
        if found is None:
            raise Stranger
        require(self.actor, self.action, found)
        acting.choose(self.request, found)
        self.organisation = found
