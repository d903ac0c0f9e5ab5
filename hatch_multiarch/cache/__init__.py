"""What builds keep for the next one, and the folder of the user that holds it."""
