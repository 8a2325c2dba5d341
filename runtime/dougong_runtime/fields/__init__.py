"""Field types: a family a file, a type a class, facts on the class."""
