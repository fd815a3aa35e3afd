"""Reads texts out of picture files, within limits."""
