"""The drag-and-drop studio that edits documents."""
