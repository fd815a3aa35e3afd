"""Codes hidden in the pixels."""
