"""The DIP Manager's pages of operations, under the names the admin gives their models."""

from django.contrib import admin

from audit.models import Event
from certificates.models import CertificateRequest
from channels.models import WebhookConfiguration
from jobs.models import Job
from mail.models import OutgoingMail
from operations.certificate_request_pages import CertificateRequestAdmin
from operations.event_pages import EventAdmin
from operations.job_pages import JobAdmin
from operations.mail_pages import MailAdmin
from operations.webhook_pages import WebhookAdmin

admin.site.register(Event, EventAdmin)
admin.site.register(Job, JobAdmin)
admin.site.register(OutgoingMail, MailAdmin)
admin.site.register(WebhookConfiguration, WebhookAdmin)
admin.site.register(CertificateRequest, CertificateRequestAdmin)
