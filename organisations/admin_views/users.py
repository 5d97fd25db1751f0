"""The DIP Manager's list of everybody with an account in this environment, and its export."""

from typing import Any

import django_filters
from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import URLPattern

from accounts.models import User
from accounts.second_factor import FACTORS, factor_names
from dip_portal.lib import clock
from dip_portal.lib.spreadsheet import csv_response
from organisations.admin_lists import SearchInput
from organisations.admin_views.user import UserPages
from organisations.models import Membership
from organisations.models.grant import ROLE_FIELDS
from organisations.policies import Action
from organisations.roles import Role

CSV_COLUMNS = [
    "e-mail address",
    "first name",
    "last name",
    "account",
    "DIP Manager",
    "companies",
    "second factor",
    "last signed in",
    "created",
]


class UserFilter(django_filters.FilterSet):
    """Which people to show."""

    q = django_filters.CharFilter(method="search", label="Search", widget=SearchInput)
    kind = django_filters.ChoiceFilter(
        method="of_kind",
        choices=[("dip-manager", "DIP Managers"), ("member", "Members of companies")],
        empty_label="Everybody",
        label="Who",
    )
    company = django_filters.CharFilter(method="by_membership", label="Company name or number")
    role = django_filters.ChoiceFilter(
        method="by_membership", choices=Role.choices, empty_label="Any", label="Role"
    )
    factor = django_filters.ChoiceFilter(
        method="with_factor",
        choices=[
            ("none", "None"),
            (Authenticator.Type.TOTP.value, "Authenticator app"),
            (Authenticator.Type.WEBAUTHN.value, "Passkey"),
        ],
        empty_label="Any",
        label="Second factor",
    )
    account = django_filters.ChoiceFilter(
        method="in_state",
        choices=[("active", "Active"), ("deactivated", "Deactivated")],
        empty_label="Any",
        label="Account",
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

    def by_membership(self, rows: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        """Leave the rows: company and role are looked for in one and the same membership."""
        return rows

    def filter_queryset(self, queryset: QuerySet[User]) -> QuerySet[User]:
        """Apply the filters; company and role keep people with one membership that has both."""
        rows = super().filter_queryset(queryset)
        said = self.form.cleaned_data
        company, role = said.get("company"), said.get("role")
        if not company and not role:
            return rows
        memberships = Membership.objects.filter(user=OuterRef("pk"), offboarded_at=None)
        if company:
            memberships = memberships.filter(
                Q(organisation__name__icontains=company)
                | Q(organisation__company_number__istartswith=company)
            )
        if role:
            memberships = memberships.filter(**{ROLE_FIELDS[Role(role)]: True})
        return rows.filter(Exists(memberships))

    def with_factor(self, rows: QuerySet[User], name: str, kind: str) -> QuerySet[User]:
        """Keep people with a second factor of this kind, or with none at all."""
        factors = Authenticator.objects.filter(user=OuterRef("pk"))
        if kind == "none":
            return rows.filter(~Exists(factors.filter(type__in=FACTORS)))
        return rows.filter(Exists(factors.filter(type=kind)))

    def in_state(self, rows: QuerySet[User], name: str, state: str) -> QuerySet[User]:
        """Keep accounts that are active, or those that are not."""
        return rows.filter(is_active=state == "active")


class UserAdmin(UserPages):
    """Accounts in the admin."""

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

    def pages(self) -> list[URLPattern]:
        """Return the export, and the pages of one person."""
        export = self.address("export/", self.export, "accounts_user_export")
        return [export, *self.user_addresses()]

    def filtered(self, request: HttpRequest) -> django_filters.FilterSet:
        """Return the filter of people with companies and second factors: three queries more."""
        rows = self.get_queryset(request).prefetch_related(
            Prefetch(
                "memberships",
                queryset=Membership.objects.filter(offboarded_at=None).select_related(
                    "organisation"
                ),
                to_attr="present_memberships",
            ),
            Prefetch(
                "authenticator_set",
                queryset=Authenticator.objects.filter(type__in=FACTORS),
                to_attr="factors",
            ),
        )
        return self.filter_class(request.GET, queryset=rows, request=request)

    def rows(self, found: list[Any]) -> list[Any]:
        """Return each person with (membership, whether it is active today), and their factors."""
        today = clock.today()
        return [
            (
                person,
                [(own, own.is_active_on(today)) for own in person.present_memberships],
                factor_names(person.factors),
            )
            for person in found
        ]

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """Send the people that the filter leaves as CSV."""
        self.allow(request)
        people = self.filtered(request).qs.order_by("email").iterator(chunk_size=1000)
        return csv_response("users", CSV_COLUMNS, (_csv_row(person) for person in people))


def _csv_row(person: Any) -> list[Any]:
    return [
        person.email,
        person.first_name,
        person.last_name,
        "active" if person.is_active else "deactivated",
        "yes" if person.is_staff else "no",
        "; ".join(
            f"{own.organisation} ({', '.join(own.role_labels)}, until {own.expires_date})"
            for own in person.present_memberships
        ),
        ", ".join(factor_names(person.factors)) or "none",
        person.last_login.isoformat(timespec="seconds") if person.last_login else "never",
        person.date_joined.isoformat(timespec="seconds"),
    ]
