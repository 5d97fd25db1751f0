"""The DIP Manager's list of companies, and the page that adds one."""

from http import HTTPStatus
from typing import Any

import django_filters
from django.contrib import messages
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern

from dip_portal.lib import clock
from dip_portal.lib import environment as environments
from dip_portal.lib.keys import key_of
from organisations import queries
from organisations.admin_lists import SearchInput
from organisations.admin_views.company import CHANGE, CompanyPages
from organisations.errors import UnableToChangeCompany
from organisations.forms.company import DetailsForm
from organisations.models import DipId, Organisation, PabApproval
from organisations.policies import Action, decide
from organisations.roles import DcpStatus, DipRoleCode
from organisations.services.organisations import create_organisation


def _parents(request: HttpRequest | None) -> QuerySet[Organisation]:
    return Organisation.objects.filter(
        pk__in=Organisation.objects.filter(parent__isnull=False).values("parent")
    )


class CompanyFilter(django_filters.FilterSet):
    """Which companies to show."""

    q = django_filters.CharFilter(method="search", label="Search", widget=SearchInput)
    role = django_filters.ChoiceFilter(
        method="in_role",
        choices=[(role.value, f"{role.value} {role.label}") for role in DipRoleCode],
        empty_label="Any",
        label="DIP role",
    )
    dcp_status = django_filters.ChoiceFilter(
        choices=DcpStatus.choices, empty_label="Any", label="DCP status"
    )
    approved = django_filters.ChoiceFilter(
        method="by_approval",
        choices=[("yes", "Approved"), ("no", "Not approved")],
        empty_label="Any",
        label="PAB approval",
    )
    parent = django_filters.ModelChoiceFilter(
        queryset=_parents, empty_label="Any", null_label="No parent", label="Parent"
    )

    class Meta:
        model = Organisation
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not environments.current().can_extract:
            del self.filters["approved"]

    def search(self, rows: QuerySet[Organisation], name: str, text: str) -> QuerySet[Organisation]:
        """Find each word in the name or number, or as exactly an MPID, DIP ID or DCP ID."""
        for word in text.split():
            rows = rows.filter(queries.matching_company(word))
        return rows

    def in_role(self, rows: QuerySet[Organisation], name: str, role: str) -> QuerySet[Organisation]:
        """Keep companies with a DIP ID of this role."""
        holders = DipId.objects.filter(mpid__organisation=OuterRef("pk"), dip_role_code=role)
        return rows.filter(Exists(holders))

    def by_approval(
        self, rows: QuerySet[Organisation], name: str, answer: str
    ) -> QuerySet[Organisation]:
        """Keep companies with, or without, a PAB approval in force."""
        approved = Exists(
            PabApproval.objects.filter(organisation=OuterRef("pk"), withdrawn_at=None)
        )
        return rows.filter(approved if answer == "yes" else ~approved)


class OrganisationAdmin(CompanyPages):
    """Companies in the admin."""

    view_action = Action.ORGANISATION_VIEW
    filter_class = CompanyFilter
    template_folder = "organisations/admin"
    list_template = "companies.html"
    list_title = "Companies"
    sorts = {
        "name": ("name",),
        "number": ("company_number",),
        "dcp": ("dcp_status", "name"),
        "changed": ("setup_changed_at",),
    }

    def pages(self) -> list[URLPattern]:
        """Return the page that adds a company, and those of one company."""
        add = self.address("add/", self.add, "organisations_organisation_add", method="GET POST")
        return [add, *self.company_addresses()]

    def filtered(self, request: HttpRequest) -> django_filters.FilterSet:
        """Return the filter of companies with what the list shows: five queries in all."""
        in_force = Prefetch(
            "pab_approvals",
            queryset=PabApproval.objects.filter(withdrawn_at=None),
            to_attr="approvals_in_force",
        )
        rows = (
            self.get_queryset(request)
            .select_related("parent")
            .prefetch_related("mpids__dip_ids", in_force)
        )
        return self.filter_class(request.GET, queryset=rows, request=request)

    def show(
        self, request: HttpRequest, template: str, title: str, *, status: int = 200, **context: Any
    ) -> HttpResponse:
        """Render a page, with what this environment is for."""
        actor = self.allow(request)
        return super().show(
            request,
            template,
            title,
            status=status,
            can_add=bool(decide(actor, Action.ORGANISATION_CREATE)),
            can_extract=environments.current().can_extract,
            **context,
        )

    def add(self, request: HttpRequest) -> HttpResponse:
        """Add a company, or a child organisation of `?parent=`."""
        actor = self.allow(request, Action.ORGANISATION_CREATE)
        parent = self._parent(request)
        form = DetailsForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                made = create_organisation(
                    actor=actor, parent=parent, now=clock.now(), **form.cleaned_data
                )
            except UnableToChangeCompany as error:
                form.add_error(error.field if error.field in form.fields else None, str(error))
            else:
                messages.success(request, f"{made} is added. Complete its setup here.")
                return redirect(CHANGE, made.pk)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
        title = "Add a child organisation" if parent else "Add a company"
        return self.show(request, "add.html", title, status=status, form=form, parent=parent)

    def _parent(self, request: HttpRequest) -> Organisation | None:
        key = key_of(request.GET.get("parent", ""))
        return None if key is None else self.get_queryset(request).filter(pk=key).first()
