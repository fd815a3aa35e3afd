"""Carries a portfolio to another computer: a folder with every digest, which another registry takes over."""
