"""What evidence is signed with: keys, signatures, timestamps, seals, content credentials."""
