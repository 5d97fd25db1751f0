"""HOME: the seminar's five onboarding tasks of a company, and what is next."""

from collections.abc import Callable
from datetime import date

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.actors import signed_in_user
from accounts.models import User
from certificates.onboarding import certificate_management
from channels import onboarding as channels_onboarding
from dip_portal.lib import clock
from organisations import acting, onboarding
from organisations.actors import Actor, DipManagerActor, actor_of
from organisations.models import Membership, Organisation
from organisations.onboarding import Task

TASKS: list[Callable[[Actor, Organisation, date], Task]] = [
    onboarding.access_portal,
    onboarding.member_management,
    certificate_management,
    onboarding.dip_id_management,
    channels_onboarding.message_channel_setup,
]


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show what there is to do: for a member, for one of several companies, for a DIP Manager."""
    actor = actor_of(request)
    if isinstance(actor, DipManagerActor):
        return render(request, "home_dip_manager.html")
    now = clock.now()
    companies = acting.companies_of(request)
    if not companies:
        return render(
            request,
            "home_no_company.html",
            {"memberships": _former_memberships(signed_in_user(request)), "today": now.date()},
        )
    company = acting.acting_company(request)
    if company is None:
        return render(request, "home_choose.html", {"companies": companies})
    tasks = onboarding.in_order([task(actor, company, now.date()) for task in TASKS])
    return render(
        request,
        "home.html",
        {
            "company": company,
            "tasks": tasks,
            "done": sum(task.is_done for task in tasks),
        },
    )


def _former_memberships(user: User) -> list[Membership]:
    return list(user.memberships.select_related("organisation").order_by("-pk"))
