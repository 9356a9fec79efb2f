from django.urls import path

from tenants.api.views import LoginView, MeView

urlpatterns = [
    path("login", LoginView.as_view(), name="login"),
    path("me", MeView.as_view(), name="me"),
]
