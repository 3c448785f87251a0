"""What the system tests are made of: a real broker, the real service, real clients, and eyes."""
