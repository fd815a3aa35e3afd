"""The room of detectors: is this picture made by a machine, as far as its pixels tell."""
