"""Work that outlives its request: imports and exports, with progress and a result."""
