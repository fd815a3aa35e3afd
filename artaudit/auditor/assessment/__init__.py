"""What findings come to: their weight, and the sentences that say it."""
