"""The DIP Manager's list of everybody with an account in this environment."""

from typing import Any

import django_filters
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from organisations.admin_lists import ListAdmin, SearchInput
from organisations.models import Membership
from organisations.policies import Action


class UserFilter(django_filters.FilterSet):
    """Which people to show."""

    q = django_filters.CharFilter(method="search", label="Search", widget=SearchInput)
    kind = django_filters.ChoiceFilter(
        method="of_kind",
        choices=[("dip-manager", "DIP Managers"), ("member", "Members of companies")],
        empty_label="Everybody",
        label="Who",
    )

    class Meta:
        model = User
        fields: list[str] = []

    def search(self, rows: QuerySet[User], name: str, text: str) -> QuerySet[User]:
        """Find each word in the name or the e-mail address."""
        for word in text.split():
            rows = rows.filter(
                Q(first_name__icontains=word)
                | Q(last_name__icontains=word)
                | Q(email__icontains=word)
            )
        return rows

    def of_kind(self, rows: QuerySet[User], name: str, kind: str) -> QuerySet[User]:
        """Keep DIP Managers, or those who are none."""
        return rows.filter(is_staff=kind == "dip-manager")


class UserAdmin(ListAdmin):
    """Accounts in the admin: to be read only."""

    view_action = Action.USER_VIEW
    filter_class = UserFilter
    template_folder = "organisations/admin"
    list_template = "users.html"
    list_title = "Users"
    sorts = {
        "name": ("last_name", "first_name"),
        "email": ("email",),
        "signed-in": ("last_login",),
    }

    def filtered(self, request: HttpRequest) -> django_filters.FilterSet:
        """Return the filter of people with their companies: two queries more in all."""
        rows = self.get_queryset(request).prefetch_related(
            Prefetch(
                "memberships",
                queryset=Membership.objects.filter(offboarded_at=None).select_related(
                    "organisation"
                ),
                to_attr="present_memberships",
            )
        )
        return self.filter_class(request.GET, queryset=rows, request=request)

    def rows(self, found: list[Any]) -> list[Any]:
        """Return each person with (membership, whether it is active today)."""
        today = timezone.now().date()
        return [
            (person, [(own, own.is_active_on(today)) for own in person.present_memberships])
            for person in found
        ]
