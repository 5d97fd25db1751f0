"""The catalogue in words, for docs/channels.md: printed from the data, never kept by hand."""

from channels import catalogue
from channels.catalogue import Interface, Routing

HEAD = f"""# Channels

This page is printed from the data in `channels/data/` by `manage.py print_channels --write`; a
test fails while it is out of date. [Its README](../channels/data/README.md) says where the data
comes from. The titles are this project's own. Events and schema versions are those of version
{catalogue.VERSION} of the DIP's interfaces.

A DIP ID has one webhook for each publication that goes to its DIP role, and one for status
messages. How the DIP finds each receiver - primary, secondary or always - stands behind the role
where it is known; for a role with nothing behind it no public source says. *?* marks a receiver
that is assumed from a name.
"""
COLUMNS = ("Interface", "Publication", "Title", "From", "To", "Schema", "Events")


def channels_page() -> str:
    """Return the text of docs/channels.md."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *(_row(one) for one in catalogue.interfaces())]
    return HEAD + "\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows) + "\n" + _by_role()


def _row(one: Interface) -> tuple[str, ...]:
    return (
        one.interface_id,
        one.publication_id if one in catalogue.publications() else "–",
        one.title,
        ", ".join(one.senders) or "not known",
        ", ".join(_recipients(one)) or "not known",
        ", ".join(one.schema_versions),
        ", ".join(f"`{code}`" for code in one.event_codes),
    )


def _recipients(one: Interface) -> list[str]:
    said = {}
    for route in one.routes:
        how = "" if route.routing == Routing.UNKNOWN else f" ({route.routing})"
        said[route.recipient] = f"{route.recipient}{how}{' ?' if route.is_assumed else ''}"
    return list(said.values())


def _by_role() -> str:
    roles = sorted({role for one in catalogue.publications() for role in one.recipients})
    text = "## What each role receives\n\n| Role | Publications | Names |\n| --- | ---: | --- |\n"
    for role in roles:
        names = [one.publication_id for one in catalogue.publications_for(role)]
        if names:
            text += f"| {role} | {len(names)} | {', '.join(names)} |\n"
    return text
