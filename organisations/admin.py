"""The DIP Manager's admin of companies and users; what no DIP Manager works with is not in it."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group

from accounts.models import User
from organisations.admin_views.companies import OrganisationAdmin
from organisations.admin_views.requests import DomainRequestAdmin, RoleRequestAdmin
from organisations.admin_views.users import UserAdmin
from organisations.models import DomainRequest, Organisation, RoleRequest

# Django's groups are unused, and second factors and sessions are their owners' alone.
for unused in (Group, EmailAddress, Authenticator, UserSession):
    if admin.site.is_registered(unused):
        admin.site.unregister(unused)

admin.site.register(Organisation, OrganisationAdmin)
admin.site.register(DomainRequest, DomainRequestAdmin)
admin.site.register(RoleRequest, RoleRequestAdmin)
admin.site.register(User, UserAdmin)
