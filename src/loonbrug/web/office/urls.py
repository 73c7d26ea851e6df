"""Addresses at office level."""

from django.urls import path

from loonbrug.web.office import release_views, template_views, user_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("missing/", views.missing, name="radar"),
    path("find/", views.find, name="find"),
    path("release/", release_views.release, name="release"),
    path("settings/", views.settings, name="settings"),
    path("settings/users/", user_views.users, name="users"),
    path("settings/users/add/", user_views.user_add, name="user-add"),
    path("settings/users/<int:user_id>/", user_views.user_change, name="user-change"),
    path("settings/users/<int:user_id>/link/", user_views.user_link, name="user-link"),
    path("settings/users/<int:user_id>/active/", user_views.user_active, name="user-active"),
    path("settings/templates/", template_views.templates, name="templates"),
    path("settings/templates/add/", template_views.template_add, name="template-add"),
    path("settings/templates/<int:template_id>/", template_views.template_change, name="template-change"),
]
