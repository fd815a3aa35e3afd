"""Detectors of machine-made pictures, one file each, named as the catalog names them."""
