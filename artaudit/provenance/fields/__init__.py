"""Where texts stand in files of pictures, and what reading them may cost."""
