"""Addresses of sending many journals at once."""

from django.urls import path

from loonbrug.web.sending import batch_views, views

urlpatterns = [
    path("send/", views.choose, name="send-all"),
    path("debtors/<int:debtor_id>/send/", views.choose, name="debtor-send-all"),
    path("send/confirm/", views.confirm, name="send-confirm"),
    path("send/start/", views.start, name="send-start"),
    path("send/batches/", batch_views.batches, name="batches"),
    path("send/batches/<int:batch_id>/", batch_views.batch, name="batch"),
    path("send/batches/<int:batch_id>/state/", batch_views.batch_state, name="batch-state"),
    path("send/batches/<int:batch_id>/<str:kind>/", batch_views.download, name="batch-download"),
]
