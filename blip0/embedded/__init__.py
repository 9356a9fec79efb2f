"""A real PostgreSQL and two real Valkey instances for development and tests, without an install.

Settings import `blip0.embedded.state` (cheap: it reads one file); commands and the test plugin
import `blip0.embedded.services`. Nothing in this package imports Django.
"""
