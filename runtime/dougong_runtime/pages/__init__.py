"""What can be shown of records, as HTML."""
