"""The DIP Manager's pages Operations and Follow an id, under /admin/operations/."""

from django.urls import path

from operations import overview_views

app_name = "operating"
urlpatterns = [
    path("", overview_views.operations, name="overview"),
    path("follow/", overview_views.follow, name="follow"),
]
