from organisations.models.api_key import ApiKey
from organisations.models.dip_id import DcpId, DipId, Mpid
from organisations.models.domain import WhitelistedDomain
from organisations.models.invitation import Invitation
from organisations.models.membership import Membership
from organisations.models.nomination import Nomination
from organisations.models.organisation import Organisation, PabApproval
from organisations.models.request import DomainRequest, RoleRequest

__all__ = [
    "ApiKey",
    "DcpId",
    "DipId",
    "DomainRequest",
    "Invitation",
    "Membership",
    "Mpid",
    "Nomination",
    "Organisation",
    "PabApproval",
    "RoleRequest",
    "WhitelistedDomain",
]
