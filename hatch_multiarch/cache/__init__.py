"""What builds keep for the next one, compressed contents too, and the folder that holds it."""
