"""Blip0: the configuration plane of a multi-tenant blockchain-monitoring platform."""
