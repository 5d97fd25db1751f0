"""What other apps' pages show of message channels."""

from typing import Any

from django import template

from channels.models import STATUS_MESSAGES
from channels.plans import receivable
from organisations.models import DipId, Organisation

register = template.Library()


@register.inclusion_tag("channels/partials/choose_interface.html")
def interface_configuration(company: Organisation, dip_id: DipId) -> dict[str, Any]:
    """Render the choice of an interface whose webhook is to be configured (DIP ID slide)."""
    return {
        "company": company,
        "dip_id": dip_id,
        "publications": [
            (publication, "Status messages" if publication == STATUS_MESSAGES else
             f"{publication} {title}")
            for publication, title in receivable(dip_id.dip_role_code)
        ],
    }  # fmt: skip
