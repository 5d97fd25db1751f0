"""What companies' requests tell those who operate the portal: how many wait for the DIP Manager."""

from datetime import datetime

from django.db.models import Count as NumberOf
from django.db.models import Min, OuterRef, Subquery

from audit.models import Event
from dip_portal.lib.operating import Line, asked, waited
from organisations.models import DomainRequest, Organisation, RoleRequest
from organisations.models.request import CompanyRequest
from organisations.roles import DcpStatus


def lines(*, now: datetime) -> list[Line]:
    """Return how requests stand, a line for each kind: three queries."""
    return [
        _requests("domain_requests", "Requested domains", DomainRequest, now),
        _requests("role_requests", "Requested DIP roles", RoleRequest, now),
        _dcp_requests(now),
    ]


def _requests(name: str, title: str, model: type[CompanyRequest], now: datetime) -> Line:
    pending = model._default_manager.filter(state=CompanyRequest.State.PENDING)
    found = pending.aggregate(number=NumberOf("pk"), oldest=Min("requested_at"))
    return Line(
        name=name,
        title=title,
        url_name=f"admin:organisations_{model._meta.model_name}_changelist",
        waiting_seconds=waited(found["oldest"], now=now),
        counts=(asked(found["number"], query=f"?state={CompanyRequest.State.PENDING}"),),
    )


def _dcp_requests(now: datetime) -> Line:
    requests = Event.objects.filter(action="dcp:request", organisation_id=OuterRef("pk"))
    found = (
        Organisation.objects.filter(dcp_status=DcpStatus.REQUESTED)
        .annotate(asked_at=Subquery(requests.order_by("-at").values("at")[:1]))
        .aggregate(number=NumberOf("pk"), oldest=Min("asked_at"))
    )
    return Line(
        name="dcp_requests",
        title="DCP requests",
        url_name="admin:organisations_organisation_changelist",
        waiting_seconds=waited(found["oldest"], now=now),
        counts=(asked(found["number"], query=f"?dcp_status={DcpStatus.REQUESTED}"),),
    )
