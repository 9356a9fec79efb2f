"""Every URL of the platform but `/health/*`, which `blip0.health` answers before all else."""

from django.contrib import admin
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]
