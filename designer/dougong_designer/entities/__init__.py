"""Building entities: fields, options, guards, and whole entities. Documents in, documents or values out."""
