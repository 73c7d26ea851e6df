"""Addresses of the workflow."""

from django.urls import path

from loonbrug.web.workflow import views

urlpatterns = [
    path("workflow/", views.office, name="calendar"),
    path("workflow/companies/", views.many, name="workflows"),
    path("workflow/pause/", views.pause_office, name="workflow-pause-office"),
    path("companies/<int:company_id>/workflow/", views.company, name="workflow"),
    path("companies/<int:company_id>/workflow/pause/", views.pause_company, name="workflow-pause"),
    path("companies/<int:company_id>/workflow/again/", views.look_again, name="workflow-again"),
    path("journals/<int:journal_id>/checked/", views.checked, name="journal-checked"),
]
