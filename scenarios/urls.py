"""Testers' levers among the DIP Manager's pages, under /admin/test-controls/."""

from django.urls import path

from scenarios import control_pages

app_name = "test_controls"
urlpatterns = [path("", control_pages.test_controls, name="page")]
