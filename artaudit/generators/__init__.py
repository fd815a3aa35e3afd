"""The room of generators: models that turn pictures into latents and back."""
