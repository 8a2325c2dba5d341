"""Whose grants apply, and what they come to as conditions of a statement."""
