"""The recipe of emoji-dit: pictures, autoencoder, transformer, export. See README.md."""
