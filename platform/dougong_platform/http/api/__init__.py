"""The HTTP interface, version 1: a file a resource."""
