"""Address of a journal's evidence."""

from django.urls import path

from loonbrug.web.evidence import views

urlpatterns = [path("journals/<int:journal_id>/evidence/", views.download, name="journal-evidence")]
