"""Registers works, runs the examiners on pictures, weighs their findings and documents them; one module per verb."""
