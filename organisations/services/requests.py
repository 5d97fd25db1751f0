"""How a company's request ends, whatever it asks for: once, and whoever asked is told by e-mail."""

from datetime import datetime

from mail.services import queue
from organisations.errors import UnableToChangeCompany
from organisations.models import DomainRequest, RoleRequest
from organisations.models.request import CompanyRequest
from organisations.services.changes import locked

Request = DomainRequest | RoleRequest


def end(request: Request, state: CompanyRequest.State, now: datetime) -> None:
    """Store how a pending request ended, the company locked. Raises UnableToChangeCompany.

    Of two who decide at the same moment the second is told what the first decided.
    """
    request.organisation = locked(request.organisation)
    current = type(request).objects.get(pk=request.pk)
    if not current.is_pending:
        raise UnableToChangeCompany(
            "",
            f"This request was decided meanwhile: {current.get_state_display().lower()} on "
            f"{current.decided_at:%Y-%m-%d %H:%M} UTC.",
        )
    request.state = state
    request.decided_at = now
    request.save(update_fields=["state", "decided_at", "reason"])


def decline(request: Request, reason: str, now: datetime) -> str:
    """End a request with a reason, and return it. Raises UnableToChangeCompany without one."""
    reason = reason.strip()
    if not reason:
        raise UnableToChangeCompany("reason", "Say why, so that the company knows what to do.")
    request.reason = reason
    end(request, CompanyRequest.State.DECLINED, now)
    return reason


def tell(request: Request, notice: str, text: str) -> None:
    """Tell whoever asked what was decided."""
    person = request.requested_by
    queue(
        to=person.email,
        template="company_notice",
        context={
            "first_name": person.first_name,
            "notice": notice,
            "text": text,
            "company_id": request.organisation_id,
        },
        organisation_id=request.organisation_id,
    )
