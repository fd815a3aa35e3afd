"""Layouts that data sets of real and generated pictures come in, a class each."""
