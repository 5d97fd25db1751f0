"""The access table in words, for docs/access.md: printed from the code, never kept by hand."""

from dip_portal.lib import environment as environments
from organisations.policies import ANY_MEMBER, RULES, Action, Rule
from organisations.roles import Role

MEANINGS: dict[Action, str] = {
    Action.ORGANISATION_VIEW: "See a company: its details, and that it exists",
    Action.ORGANISATION_CREATE: "Add a company, or a child organisation",
    Action.ORGANISATION_EDIT: "Edit name, number, description and DCP status of a company",
    Action.ORGANISATION_VERIFY: "Verify the details of the company at the first sign-in",
    Action.ORGANISATION_DESCRIBE: "Edit the description of the company",
    Action.ORGANISATION_ADD_CHILD: "Add a child organisation",
    Action.PAB_APPROVAL_RECORD: "Record the PAB's approval of a company",
    Action.PAB_APPROVAL_WITHDRAW: "Withdraw the PAB's approval of a company",
    Action.DOMAIN_WHITELIST: "Whitelist an e-mail domain of a company, or take it off",
    Action.DOMAIN_REQUEST: "Ask for a domain to be whitelisted, and withdraw the request",
    Action.DOMAIN_DECIDE: "Approve or decline a requested domain",
    Action.DIP_ID_VIEW: "See the DIP IDs of a company",
    Action.DIP_ID_CREATE: "Add an MPID or a DIP ID",
    Action.DIP_ID_CREATE_QUALIFIED: "Create the DIP ID of an approved MPID and role",
    Action.API_KEY_REVEAL: "Show and download the API keys of a DIP ID",
    Action.API_KEY_REGENERATE: "Regenerate an API key",
    Action.ROLE_REQUEST: "Ask for a DIP role of an MPID, and withdraw the request",
    Action.ROLE_DECIDE: "Approve or decline a requested DIP role",
    Action.EFFECTIVE_DATES_SET: "Set the effective dates of DIP IDs",
    Action.NOMINATION_MAKE: "Nominate a DIP Connection Provider, or end the nomination",
    Action.DCP_REQUEST: "Ask for DCP status, and withdraw the request",
    Action.DCP_DECIDE: "Approve or decline DCP status",
    Action.DCP_ID_CREATE: "Add a DCP ID of a DIP Connection Provider",
    Action.MEMBER_VIEW: "See the members of a company",
    Action.MEMBER_CREATE: "Create a member: invite them, and send the invitation again",
    Action.MEMBER_EDIT: "Edit the roles and DIP IDs of a member",
    Action.MEMBER_EXTEND: "Extend the membership of a member",
    Action.MEMBER_OFFBOARD: "Offboard a member, or revoke the invitation of one",
    Action.MEMBER_EXPORT: "Export the members as CSV",
    Action.INVITATION_VIEW: "See the invitation of a Primary User Admin",
    Action.INVITATION_SEND: "Invite a Primary User Admin, send it again, replace the person",
    Action.INVITATION_REVOKE: "Revoke the invitation of a Primary User Admin",
    Action.CERTIFICATE_VIEW: "See the certificates of a company, and how far it is with them",
    Action.CERTIFICATE_MANAGE: "Save API credentials, register domains, request certificates "
    "and revoke them",
    Action.CERTIFICATE_RETRY: "Let a certificate request that waits have its next attempt now",
    Action.CHANNEL_VIEW: "See which publications a DIP ID receives, and its webhooks",
    Action.CHANNEL_CONFIGURE: "Set and remove webhooks",
    Action.CHANNEL_TEST: "Send a test event to a webhook",
    Action.PIPELINE_VIEW: "See the pipeline of the promotion",
    Action.EXTRACT_VIEW: "See and download extracts",
    Action.EXTRACT_MAKE: "Extract company setup",
    Action.EXTRACT_FETCH: "Fetch extracts by the signed service",
    Action.IMPORT_VIEW: "See imports and their plans",
    Action.IMPORT_RECEIVE: "Upload or fetch extracts, and discard them",
    Action.IMPORT_APPLY: "Import company setup",
    Action.USER_VIEW: "See all users of the environment",
    Action.USER_RESET_SECOND_FACTOR: "Reset somebody's second factor",
    Action.USER_DEACTIVATE: "Deactivate an account",
    Action.USER_REACTIVATE: "Reactivate an account",
    Action.AUDIT_VIEW: "Read and export the audit trail",
    Action.OPERATIONS_VIEW: "See the page Operations, and follow a correlation id",
    Action.JOB_VIEW: "See all jobs",
    Action.MAIL_VIEW: "See the outgoing e-mails",
    Action.MAIL_RETRY: "Send an e-mail again",
    Action.TEST_CONTROLS_SET: "See and set the test controls, where DIP_DEMONSTRATION is on",
}
HEAD = """# Who may do what

This page is printed from the code (`organisations/policies.py`) by
`manage.py print_access_table --write`; a test fails while it is out of date. All pages, jobs and
services ask that table and nothing else. Members have the rights of their roles in the company
that a thing belongs to, from the day they accept the invitation to the day before the expiry
date, and in no other company. The DIP Manager's rights are the same in all companies. To
whoever has nothing to do with a company, it is not there (404); a member without the right is
told who has it (403).

*The DIP ID by API*: whoever calls the API with the key, certificates and signature of a DIP ID
has the right for that DIP ID ([api](api.md)).

*The nominated DCP*: members of a DIP Connection Provider that the company nominated, for itself or
for one of its DIP IDs, have the right too, with these roles in the DCP.

*Within DIP IDs*: a member who is limited to some DIP IDs has the right for these only.
"""


def access_table() -> str:
    """Return the text of docs/access.md. Raises KeyError for an action without a meaning."""
    columns = [
        "Action",
        "What it is",
        *(str(role.label) for role in Role),
        "DIP Manager",
        "Other environment",
        "The DIP ID by API",
        "The nominated DCP",
        "Where",
        "Within DIP IDs",
    ]
    rows = [columns, ["---", "---", *([":-:"] * (len(columns) - 4)), "---", ":-:"]]
    rows += [_row(action, RULES[action]) for action in Action]
    return HEAD + "\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(action: Action, rule: Rule) -> list[str]:
    return [
        f"`{action}`",
        MEANINGS[action],
        *(_tick(role in rule.roles) for role in Role),
        _tick(rule.dip_manager),
        _tick(rule.other_environment),
        _tick(rule.own_dip_id),
        _dcp_roles(rule),
        " and ".join(one.label for one in environments.PORTALS.values() if rule.where(one)),
        _tick(rule.within_dip_ids),
    ]


def _dcp_roles(rule: Rule) -> str:
    if rule.dcp_roles == ANY_MEMBER:
        return "every member"
    return ", ".join(str(role.label) for role in Role if role in rule.dcp_roles) or "–"


def _tick(is_so: bool) -> str:
    return "yes" if is_so else "–"
