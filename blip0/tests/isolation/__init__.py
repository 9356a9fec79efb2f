"""The isolation matrix: every operation of the OpenAPI document, by everybody who may call.

`rows` has what each operation needs; `permitted`, `refused` and `strangers` who calls; `expecting`
what they then get; `world` two tenants that have one of everything; `truth` what must not change.
"""
