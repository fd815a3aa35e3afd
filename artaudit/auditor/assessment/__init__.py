"""Weighs findings and puts the result into sentences."""
