"""Addresses of what is on its way to AFAS."""

from django.urls import path

from loonbrug.web.deliveries import views

urlpatterns = [path("deliveries/", views.deliveries, name="deliveries")]
