"""Signed statements about a picture."""
