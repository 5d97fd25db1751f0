"""The pages of message channels."""

from django.urls import path

from channels.views import failed_calls, many, pages, tests, webhooks

app_name = "channels"
_company = "organisations/<int:pk>/channels/"
_webhook = "organisations/<int:pk>/dip-ids/<str:dip_id>/channels/<str:publication>/"
urlpatterns = [
    path("message-channels/", pages.CatalogueView.as_view(), name="catalogue"),
    path("message-channels/<str:name>/", pages.InterfaceView.as_view(), name="interface"),
    path(_company, pages.ChannelsView.as_view(), name="channels"),
    path(f"{_company}pattern/", many.PatternView.as_view(), name="pattern"),
    path(f"{_company}copy/", many.CopyView.as_view(), name="copy"),
    path(f"{_company}remove-all/", many.RemoveAllView.as_view(), name="remove_all"),
    path(
        "organisations/<int:pk>/dip-ids/<str:dip_id>/channels/",
        pages.ChooseView.as_view(),
        name="choose",
    ),
    path(_webhook, webhooks.WebhookView.as_view(), name="webhook"),
    path(f"{_webhook}remove/", webhooks.RemoveWebhookView.as_view(), name="remove_webhook"),
    path(f"{_webhook}test/", tests.SendTestView.as_view(), name="send_test"),
    path(f"{_webhook}tests/<int:key>/", tests.TestView.as_view(), name="test"),
    path(
        "organisations/<int:pk>/failed-calls/",
        failed_calls.FailedCallsView.as_view(),
        name="failed_calls",
    ),
    path(
        "organisations/<int:pk>/failed-calls/<int:key>/",
        failed_calls.FailedCallView.as_view(),
        name="failed_call",
    ),
]
