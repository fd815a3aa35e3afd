"""Training of the embedded autoencoders: run from the root of the checkout, never installed."""
