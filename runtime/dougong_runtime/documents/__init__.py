"""Documents: read, validated, compared, rewritten. They know nothing of tables."""
