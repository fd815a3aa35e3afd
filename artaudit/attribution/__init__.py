"""The room of attribution: which autoencoder's latent space a picture comes from."""
