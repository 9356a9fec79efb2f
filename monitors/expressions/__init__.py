"""The runtime's expression language: parsed, written, checked and evaluated as it does.

`tree` holds what `parsing` makes and the others take. Nothing here imports Django.
"""
