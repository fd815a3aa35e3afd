"""What saved pages and web archives hold: the pictures, their addresses, what the server answered, and when."""
