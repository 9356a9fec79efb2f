"""OpenZeppelin Monitor's files: into a tenant (`importing`) and out again (`exporting`).

See `docs/import-export.md`.
"""
