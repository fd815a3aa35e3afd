"""Looks for registered works in very many pictures: folders, data sets and web archives, on one machine or on many.

docs/scale.md says what it costs.
"""
