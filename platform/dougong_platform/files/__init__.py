"""Files that people hand in: taken in, looked into, kept by their content, handed out, swept. Records name them by id;
what may be named and read is the runtime's to say (`records/files.py`)."""
