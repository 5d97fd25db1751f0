"""What the lists of the admin share: a policy, a filter, an order, pages, an empty state."""

from http import HTTPStatus
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRefresh
from django_htmx.middleware import HtmxDetails

from organisations.actors import Actor, actor_of
from organisations.policies import Action, require
from organisations.policy_admin import PolicyAdmin

PAGE_SIZE = 25


class IntegerFilter(django_filters.Filter):
    """A whole number that fits the column."""

    field_class = forms.IntegerField


class SearchInput(forms.TextInput):
    """The search field of a list."""

    input_type = "search"


class DateInput(forms.DateInput):
    """A day, by the browser's own picker."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ListAdmin(PolicyAdmin):
    """A list in the admin: filters by GET, pages, an empty state.

    Its own addresses are the list and those of `pages()`; the theme's pages to add, change
    and delete are not there at all. Templates are those of `template_folder`. `sorts` names
    the orders that `?sort=` may ask for, with '-' in front for the other way round; the
    first is the one without asking.
    """

    filter_class: ClassVar[type[django_filters.FilterSet]]
    template_folder: ClassVar[str]
    sorts: ClassVar[dict[str, tuple[str, ...]]] = {}
    list_template: ClassVar[str]
    list_title: ClassVar[str]
    page_size: ClassVar[int] = PAGE_SIZE

    def get_urls(self) -> list[URLPattern]:
        """Return the list and the further pages, each behind the admin's sign-in."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_changelist"
        return [self.address("", self.changelist_view, name), *self.pages()]

    def address(self, route: str, view: Any, name: str, *, method: str = "GET") -> URLPattern:
        """Return one address of this list within the admin; other methods get 405.

        `method` is GET, POST or, for a page with a form, 'GET POST'. Where htmx asks and
        the session has ended, the whole page goes to the sign-in.
        """
        methods = method.replace("GET", "GET HEAD").split()
        guarded = self.admin_site.admin_view(require_http_methods(methods)(view))

        def answer(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
            response = guarded(request, **arguments)
            if HtmxDetails(request) and response.status_code == HTTPStatus.FOUND:
                return HttpResponseClientRefresh()
            return response

        return path(route, answer, name=name)

    def pages(self) -> list[URLPattern]:
        """Return the addresses beside the list."""
        return []

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list: what the filter leaves of it, one page at a time."""
        self.allow(request)
        listed = self.filtered(request)
        sort = self.sort(request)
        fields = _turned(self.sorts, sort) if sort else []
        rows = listed.qs.order_by(*fields, "pk") if fields else listed.qs
        paged = page_of(request, rows, size=self.page_size)
        return self.show(
            request,
            self.list_template,
            self.list_title,
            filter=listed,
            is_filtered=any(request.GET.get(name) for name in listed.form.fields),
            sort=sort,
            sorted_by=sort.removeprefix("-"),
            # An order such as 'newest' falls without a sign in the address.
            direction="descending" if fields and fields[0].startswith("-") else "ascending",
            sort_query=_without(request, "sort", "page"),
            rows=self.rows(list(paged["page"])),
            **paged,
        )

    def sort(self, request: HttpRequest) -> str:
        """Return the order that is asked for; the first there is for an unknown one."""
        asked = request.GET.get("sort", "")
        return asked if asked.removeprefix("-") in self.sorts else next(iter(self.sorts), "")

    def rows(self, found: list[Any]) -> list[Any]:
        """Return what the template shows of each row of a page; one query more at most."""
        return found

    def filtered(self, request: HttpRequest) -> django_filters.FilterSet:
        """Return the filter of this list, filled in by the query string."""
        return self.filter_class(request.GET, queryset=self.get_queryset(request), request=request)

    def allow(
        self, request: HttpRequest, action: Action | None = None, resource: Model | None = None
    ) -> Actor:
        """Return who asks, if the policies let them do `action`, or else view this list.

        Raises what `require` raises.
        """
        asked = action or self.view_action
        assert asked is not None
        actor = actor_of(request)
        require(actor, asked, resource)
        return actor

    def show(
        self, request: HttpRequest, template: str, title: str, *, status: int = 200, **context: Any
    ) -> HttpResponse:
        """Render a page in the frame of the admin."""
        frame = self.admin_site.each_context(request)
        return render(
            request,
            f"{self.template_folder}/{template}",
            {**frame, "title": title, **context},
            status=status,
        )


def page_of(
    request: HttpRequest, rows: QuerySet[Any, Any] | list[Any], *, size: int = PAGE_SIZE
) -> dict[str, Any]:
    """Return the page of `rows` that `?page=` asks for, as partials/pages.html wants it."""
    paginator: Paginator[Any] = Paginator(rows, size)
    page: Page[Any] = paginator.get_page(request.GET.get("page"))
    kept = _without(request, "page")
    return {
        "page": page,
        "page_numbers": paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "query": f"{kept}&" if kept else "",
        "kept_query": kept,
    }


def _without(request: HttpRequest, *names: str) -> str:
    kept = request.GET.copy()
    for name in names:
        kept.pop(name, None)
    return kept.urlencode()


def _turned(sorts: dict[str, tuple[str, ...]], sort: str) -> list[str]:
    fields = sorts[sort.removeprefix("-")]
    if not sort.startswith("-"):
        return list(fields)
    return [it[1:] if it.startswith("-") else f"-{it}" for it in fields]
