"""Reads for people and for the services: where scopes stand, and who runs them."""
