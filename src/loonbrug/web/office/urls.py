"""Addresses at office level."""

from django.urls import path

from loonbrug.web.office import views

urlpatterns = [
    path("", views.home, name="home"),
    path("find/", views.find, name="find"),
    path("settings/", views.settings, name="settings"),
    path("settings/users/", views.users, name="users"),
    path("settings/templates/", views.templates, name="templates"),
    path("settings/audit/", views.audit, name="audit"),
]
