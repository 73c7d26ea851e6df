"""Addresses for signing in and out, and for one's own details."""

from django.urls import path

from loonbrug.web.sign_in import views

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-in/<str:token>/", views.sign_in_link, name="sign-in-link"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("language/", views.language, name="language"),
    path("profile/", views.profile, name="profile"),
]
