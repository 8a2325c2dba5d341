"""The host: people and sign-in, HTTP, jobs, messages, files, packages, command line."""
