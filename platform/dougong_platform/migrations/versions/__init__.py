"""The chain. A script holds `revision`, `down_revision`, `SAYS` and `upgrade(op)`; it is never changed once released."""
