"""What surrounds every request, a plain ASGI layer a file."""
