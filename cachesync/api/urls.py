from django.urls import path

from cachesync.api.views import ContractGoldenView, ContractSchemaView, RuntimeContractView

urlpatterns = [
    path("runtime-contract/", RuntimeContractView.as_view(), name="runtime-contract"),
    path(
        "runtime-contract/golden/<str:name>",
        ContractGoldenView.as_view(),
        name="runtime-contract-golden",
    ),
    path(
        "runtime-contract/<str:name>",
        ContractSchemaView.as_view(),
        name="runtime-contract-schema",
    ),
]
