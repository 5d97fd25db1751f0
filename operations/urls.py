"""The portal's page of the audit trail."""

from django.urls import path

from operations import trail_views

app_name = "operations"
urlpatterns = [
    path("", trail_views.TrailView.as_view(), name="trail"),
    path("export/", trail_views.ExportTrailView.as_view(), name="export_trail"),
]
