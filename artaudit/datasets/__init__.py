"""The room of pictures: what detectors and models are trained and shown on."""
