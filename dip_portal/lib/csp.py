"""The Content Security Policy of a response: the portal's, or that of the DIP Manager's admin."""

from csp.constants import UNSAFE_EVAL
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase

ADMIN_PATH = "/admin/"
# The admin theme's scripts (Alpine) make functions of the expressions in its attributes.
# That lets in no script of a page's own: script-src still names files of this site alone.
OF_THE_ADMIN = {"script-src": [UNSAFE_EVAL]}


class CspMiddleware(CSPMiddleware):
    """Adds to the policy of the settings what the admin needs, on the admin's pages alone."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """Return what the policy is built of, with OF_THE_ADMIN on its pages."""
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith(ADMIN_PATH):
            parts.update = {**(parts.update or {}), **OF_THE_ADMIN}
        return parts
