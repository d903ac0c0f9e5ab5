"""Programs that link C libraries of Debian."""
