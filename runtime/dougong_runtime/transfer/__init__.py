"""Records in and out by the file: CSV, XLSX, demo data."""
