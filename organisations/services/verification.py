"""The Primary User Admin verifies the details of the company, before anything else."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.services import record
from organisations.actors import Actor
from organisations.models import Organisation
from organisations.policies import Action, require
from organisations.roles import DcpStatus


class UnableToVerify(Exception):
    """The details cannot be verified like this; `field` is what is wrong, or empty."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def verify_details(
    *,
    actor: Actor,
    organisation: Organisation,
    revision: int,
    description: str,
    acts_as_dcp: bool,
    now: datetime,
) -> Organisation:
    """Record that the company's name, number and description were verified as they stand.

    `revision` is that of the details the person saw. The description may be corrected.
    Acting as a DIP Connection Provider is only requested here: the DIP Manager approves
    it, and an approval stays. Raises UnableToVerify.
    """
    require(actor, Action.ORGANISATION_VERIFY, organisation)
    company = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    if company.details_verified_at is not None:
        raise UnableToVerify("", "The details of this company have been verified already.")
    if company.revision != revision:
        raise UnableToVerify(
            "", "The details of this company have just changed: check them once more."
        )
    before = _setup(company)
    company.description = _described(description)
    company.dcp_status = _requested(company.dcp_status, acts_as_dcp=acts_as_dcp)
    after = _setup(company)
    company.details_verified_at = now
    company.details_verified_by_id = actor.user_id
    if before != after:  # both are what a promotion copies
        company.revision += 1
        company.setup_changed_at = now
    try:
        company.clean_fields()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise UnableToVerify(field, messages[0]) from error
    company.save()
    record(
        actor=actor,
        action="organisation:verify",
        subject=company,
        before=before,
        after={**after, "name": company.name, "company_number": company.company_number},
        at=now,
        organisation_id=company.pk,
    )
    return company


def _described(description: str) -> str:
    description = description.replace("\r\n", "\n").strip()
    if not description:
        raise UnableToVerify("description", "Describe the company in a sentence or two.")
    return description


def _requested(status: str, *, acts_as_dcp: bool) -> str:
    if status == DcpStatus.APPROVED:
        return status
    return DcpStatus.REQUESTED if acts_as_dcp else DcpStatus.DISABLED


def _setup(company: Organisation) -> dict[str, str]:
    return {"description": company.description, "dcp_status": company.dcp_status}
