"""Cloak pictures, keep a portfolio, check suspicious pictures, export evidence."""

__version__ = "0.1.0"
